import { randomUUID } from 'node:crypto';
import { Failure, type FailureCode } from '../domain/failure.ts';
import type { ChannelSpec } from '../domain/paging/channel.schema.ts';
import { testPages } from '../domain/paging/test-pages.ts';
import type { Can } from '../providers/page/page-channel.ts';
import { type PageChannelDeps, createPageChannels } from '../providers/page/registry.ts';

export interface ChannelTrial {
  readonly name: string;
  readonly spec: ChannelSpec;
  /** Within the channel; undefined, its own place. */
  readonly to: string | undefined;
  /** The person it is for, to be shown. */
  readonly who: string | undefined;
  /** `check` sends nothing. */
  readonly extent: 'check' | 'page';
  readonly nowMs: number;
}

/** What has been tried: whether a page could be sent, a page, and the end of its incident. */
export type TrialStep = { readonly step: 'check' | 'page' | 'end' } & (
  | { readonly outcome: 'ok'; readonly text: string }
  | {
      readonly outcome: 'failed';
      readonly code: FailureCode;
      readonly text: string;
      /** It may have arrived all the same. */
      readonly isUnknown: boolean;
    }
);

type Places = Pick<PageChannelDeps, 'secret' | 'write' | 'answerWithinMs'>;

/**
 * Tries a channel as a worker would use it, one attempt each: its check, then a page that says that
 * it is a test, then its end. What fails is the last step. No text holds a secret.
 */
export async function tryChannel(
  { name, spec, to, who, extent, nowMs }: ChannelTrial,
  places: Places,
): Promise<readonly TrialStep[]> {
  const port = channelsBy(places, nowMs)(name, spec);
  const [begin, end] = testPages({ channel: name, to, who, id: randomUUID(), nowMs });
  const { signal } = new AbortController();
  let handle: string | undefined;
  const acts: readonly (readonly [TrialStep['step'], () => Promise<string>])[] = [
    ['check', () => port.check(signal)],
    [
      'page',
      async () => {
        const delivery = await port.send(begin, signal);
        ({ handle } = delivery);
        return delivery.receipt;
      },
    ],
    [
      'end',
      async () => {
        const isSame = port.can.updates && handle !== undefined;
        const ended = isSame ? port.update(end, handle ?? '', signal) : port.send(end, signal);
        return (await ended).receipt;
      },
    ],
  ];
  const steps: TrialStep[] = [];
  for (const [step, act] of extent === 'check' ? acts.slice(0, 1) : acts) {
    const done = await stepOf(step, act);
    steps.push(done);
    if (done.outcome === 'failed') break;
  }
  return steps;
}

/** What a channel can do, without asking its provider. */
export function channelCan(name: string, spec: ChannelSpec): Can {
  const nothing = { secret: () => undefined, write: () => undefined };
  return channelsBy(nothing, 0)(name, spec).can;
}

function channelsBy(places: Places, nowMs: number) {
  return createPageChannels({ ...places, nowMs: () => nowMs, newId: randomUUID });
}

async function stepOf(step: TrialStep['step'], act: () => Promise<string>): Promise<TrialStep> {
  try {
    return { step, outcome: 'ok', text: await act() };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { code, message, isUnknown } = error;
    return { step, outcome: 'failed', code, text: message, isUnknown };
  }
}
