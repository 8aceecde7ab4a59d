import type { PagingDocument } from '../domain/paging/paging.schema.ts';
import type { DemoStory } from './demo-strategies.ts';

/** So long each level waits for an acknowledgement. */
export const LEVEL_WAIT_MS = 10_000;
export const LEVELS = 2;
/** After the first round: enough for whoever does not hurry to the other terminal. */
const REPEAT = 20;

/** Of the pretended providers, which know no others. */
export const DEMO_SECRETS = {
  DEMO_SLACK_TOKEN: 'xoxb-demo',
  DEMO_PAGERDUTY_KEY: 'demo0demo0demo0demo0demo0demo012',
} as const;

/** v2 is well under probe load, and breaks under users; its release names who is paged then. */
export const PAGE_STORY: DemoStory = {
  changes: { incidents: { policy: 'checkout' }, stabilization_period: '10s' },
  instances: 2,
  releases: [
    {
      version: 'v2',
      fault: 'leak',
      shows: 'well under probe load, breaks under users',
      outcome: 'rolled_back',
    },
  ],
};

/** Whoever is on call is paged in Slack; if nobody answers, so is bob, by PagerDuty. */
export function demoPaging(providers: {
  readonly slackUrl: string;
  readonly pagerDutyUrl: string;
}): PagingDocument {
  return {
    people: {
      ada: { contacts: { chat: { channel: 'slack' } } },
      bob: { contacts: { pager: { channel: 'pagerduty' } } },
    },
    schedules: {
      primary: {
        time_zone: 'Etc/UTC',
        layers: [{ rotation: { every: 'weekly', starts: '2026-01-05T09:00' }, members: ['ada'] }],
      },
    },
    channels: {
      slack: {
        type: 'slack',
        bot_token: { env: 'DEMO_SLACK_TOKEN' },
        channel: 'C0CHECKOUT',
        url: providers.slackUrl,
      },
      pagerduty: {
        type: 'pagerduty',
        routing_key: { env: 'DEMO_PAGERDUTY_KEY' },
        url: providers.pagerDutyUrl,
      },
      log: { type: 'log' },
    },
    policies: {
      checkout: {
        levels: [
          { wait: `${LEVEL_WAIT_MS}ms`, targets: [{ schedule: 'primary' }] },
          { wait: `${LEVEL_WAIT_MS}ms`, targets: [{ person: 'bob' }] },
        ],
        repeat: REPEAT,
      },
    },
    last_resort: ['log'],
  };
}
