import { randomUUID } from 'node:crypto';
import { requirePaging } from '../../src/domain/paging/paging-file.ts';
import type { OpenAlarm } from '../../src/domain/watchdog/alarms.ts';
import { type PretendPagerDuty, startPretendPagerDuty } from '../../src/dev/pretend/pagerduty.ts';
import { type PretendSlack, startPretendSlack } from '../../src/dev/pretend/slack.ts';
import { createRateBudgets } from '../../src/providers/page/rate-budget.ts';
import { createPageChannels } from '../../src/providers/page/registry.ts';
import type { Attempted } from '../../src/watchdog/delivery.ts';
import { type Pager, createPager } from '../../src/watchdog/pager.ts';

/** A pager with a Slack and a PagerDuty beside it, which can be told to misbehave. */
export interface PagerRig {
  readonly slack: PretendSlack;
  readonly pagerDuty: PretendPagerDuty;
  readonly pager: Pager;
  readonly attempts: readonly Attempted[];
  /** Somebody writes the paging file anew. */
  write(lastResort: readonly string[]): void;
  close(): Promise<void>;
}

const ROUTING_KEY = 'R'.repeat(32);

export const RIG_CHANNELS = {
  bot: { type: 'slack', bot_token: { env: 'TOKEN' }, channel: '#ops' },
  hook: { type: 'slack', webhook_url: { env: 'HOOK' } },
  pager: { type: 'pagerduty', routing_key: { env: 'ROUTING_KEY' } },
} as const;

export async function startPagerRig(lastResort: readonly string[]): Promise<PagerRig> {
  const slack = await startPretendSlack({ botToken: 'xoxb-1', signingSecret: 'sign' });
  const pagerDuty = await startPretendPagerDuty({ routingKey: ROUTING_KEY, webhookSecret: 'x' });
  const { bot, hook, pager: pd } = RIG_CHANNELS;
  const channels = {
    bot: { ...bot, url: slack.apiUrl, signing_secret: { env: 'SIGNING' } },
    hook,
    pager: { ...pd, url: pagerDuty.enqueueUrl },
  };
  const pagingOf = (names: readonly string[]) =>
    requirePaging({
      text: JSON.stringify({ channels, policies: {}, last_resort: names }),
      file: 'paging.json',
      readFile: () => '',
    });
  let paging = pagingOf(lastResort);
  const secrets: Readonly<Record<string, string>> = {
    ...{ TOKEN: 'xoxb-1', SIGNING: 'sign', HOOK: slack.webhookUrl, ROUTING_KEY },
  };
  const attempts: Attempted[] = [];
  const pager = createPager({
    watching: { namespace: 'default', address: 'localhost:7233' },
    paging: { read: () => ({ kind: 'usable', paging }) },
    channel: createPageChannels({
      secret: (name) => secrets[name],
      write: () => undefined,
      nowMs: Date.now,
      newId: randomUUID,
      answerWithinMs: 500,
    }),
    budget: createRateBudgets(),
    clock: { nowMs: () => performance.now(), pause },
    backoffMs: () => 50,
    attempted: (attempt) => attempts.push(attempt),
  });
  return {
    ...{ slack, pagerDuty, pager, attempts },
    write(names) {
      paging = pagingOf(names);
    },
    async close() {
      await pager.close();
      await slack.close();
      await pagerDuty.close();
    },
  };
}

export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    setTimeout(resolve, ms);
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

export const ALARM: OpenAlarm = {
  ...{ key: 'no_pollers/belay', condition: 'no_pollers', queue: 'belay' },
  ...{ text: 'no worker asks belay', sinceMs: 1000, openedAtMs: 61_000 },
  ...{ round: 1, pagedAtMs: 61_000 },
};
