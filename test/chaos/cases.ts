import type { Kill } from './strike.ts';

export interface Case {
  readonly name: string;
  readonly fault: 'none' | 'leak' | 'unhealthy';
  readonly kills: readonly Kill[];
}

export const CASES: readonly Case[] = [
  {
    name: 'good, each phase as it begins',
    fault: 'none',
    kills: [
      { in: 'deploying' },
      { in: 'checking' },
      { in: 'validating' },
      { write: 'switch', fate: 'lost' },
      { in: 'stabilizing' },
      { in: 'cleaning_up' },
    ],
  },
  {
    name: 'good, the middle of each phase',
    fault: 'none',
    kills: [
      { started: 'instance' },
      { in: 'checking', afterMs: 500 },
      { in: 'validating', afterMs: 1500 },
      { write: 'switch', fate: 'unanswered' },
      { in: 'stabilizing', afterMs: 2000 },
      { write: 'unregister-', fate: 'lost' },
    ],
  },
  {
    name: 'good, the first and last writes',
    fault: 'none',
    kills: [
      { write: 'register', fate: 'unanswered' },
      { write: 'switch', fate: 'late' },
      { received: 'message' },
      { write: 'unregister-', fate: 'unanswered' },
    ],
  },
  {
    name: 'good, the server',
    fault: 'none',
    kills: [
      { in: 'deploying', server: true },
      { in: 'stabilizing', afterMs: 1000, server: true },
    ],
  },
  {
    name: 'bad, each phase as it begins',
    fault: 'leak',
    kills: [{ write: 'back/switch', fate: 'lost' }, { in: 'verifying' }, { in: 'cleaning_up' }],
  },
  {
    name: 'bad, the middle of each phase',
    fault: 'leak',
    kills: [
      { write: 'back/switch', fate: 'unanswered' },
      { in: 'verifying', afterMs: 1000 },
      { write: 'unregister-', fate: 'unanswered' },
      { received: 'message' },
    ],
  },
  {
    name: 'bad, a write that comes late; the server',
    fault: 'leak',
    kills: [
      { write: 'switch', fate: 'late' },
      { write: 'back/switch', fate: 'late' },
      { in: 'verifying', server: true },
    ],
  },
  {
    name: 'unhealthy',
    fault: 'unhealthy',
    kills: [
      { in: 'checking', afterMs: 700 },
      { write: 'unregister-', fate: 'unanswered' },
    ],
  },
  { name: 'unhealthy, as people are told', fault: 'unhealthy', kills: [{ received: 'message' }] },
];

/** What a case must leave behind, in order, in each of the places where it can be seen. */
export function expectations(run: {
  readonly fault: Case['fault'];
  readonly workflowId: string;
  readonly back: string;
  readonly version: string;
  readonly stable: string;
}) {
  const { fault, workflowId, back, version, stable } = run;
  const starts = [version, version];
  switch (fault) {
    case 'none':
      return {
        outcome: 'succeeded',
        writes: [`register`, `switch`, `unregister-${stable}`].map((one) => `${workflowId}/${one}`),
        processes: ['deploy', `remove-${stable}`].map((one) => `${workflowId}/${one}`),
        messages: [`${workflowId}/promoted`],
        met: [stable, version],
        serves: version,
        starts,
      };
    case 'leak':
      return {
        outcome: 'rolled_back',
        writes: [
          `${workflowId}/register`,
          `${workflowId}/switch`,
          `${back}/switch`,
          `${back}/unregister-${version}`,
        ],
        processes: [`${workflowId}/deploy`, `${back}/remove-${version}`],
        messages: [`${back}/ended`],
        met: [stable, version, stable],
        serves: stable,
        starts,
      };
    case 'unhealthy':
      return {
        outcome: 'failed',
        writes: [`${workflowId}/register`, `${workflowId}/unregister-${version}`],
        processes: [`${workflowId}/deploy`, `${workflowId}/remove-${version}`],
        messages: [`${workflowId}/ended`],
        met: [stable],
        serves: stable,
        starts,
      };
    default:
      return fault satisfies never;
  }
}
