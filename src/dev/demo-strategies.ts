import type { ReleaseDocument } from '../domain/release/release.schema.ts';
import type { RunReport } from '../domain/release/progress.ts';
import { VALIDATION } from './demo-release.ts';

export const DEMO_STRATEGIES = ['blue_green', 'canary', 'rolling', 'ab'] as const;
export type DemoStrategy = (typeof DEMO_STRATEGIES)[number];

/** What the demo releases after v1, and how it must end. */
export interface DemoStory {
  /** What differs from the blue-green release of `demo-release.ts`, for every version. */
  readonly changes: Partial<ReleaseDocument>;
  /** Of the environment: more than the usual two. */
  readonly instances: number;
  readonly releases: readonly DemoCase[];
}

export interface DemoCase {
  readonly version: string;
  readonly fault: string | undefined;
  /** For the reader: what is shown. */
  readonly shows: string;
  readonly outcome: RunReport['outcome'];
}

const GOOD = { version: 'v2', fault: undefined, outcome: 'succeeded' } as const;
const BAD = { version: 'v3', outcome: 'rolled_back' } as const;

export function demoStory(strategy: DemoStrategy): DemoStory {
  switch (strategy) {
    case 'blue_green':
      return {
        changes: {},
        instances: 2,
        releases: [
          { ...GOOD, shows: 'all traffic at once, then watched' },
          { ...BAD, fault: 'leak', shows: 'well under probe load, breaks under users' },
        ],
      };
    case 'canary':
      return {
        changes: {
          strategy: 'canary',
          steps: [
            { weight: '5%', for: '5s' },
            { weight: '25%', for: '5s' },
            { weight: '50%', for: '5s' },
            { weight: '100%', for: '5s' },
          ],
          stabilization_period: '10s',
        },
        instances: 2,
        releases: [
          { ...GOOD, shows: '5, 25, 50 and 100 % of the traffic, judged at each' },
          // Its pool of connections suffices for a quarter of the users, and not for half of them.
          { ...BAD, fault: 'leak', shows: 'well with few users, breaks with many' },
        ],
      };
    case 'rolling':
      return {
        changes: {
          strategy: 'rolling',
          rolling: { batch: '25%', stabilize: '3s' },
          stabilization_period: '10s',
        },
        instances: 4,
        releases: [
          { ...GOOD, shows: 'one instance of four after the other' },
          { ...BAD, fault: 'leak', shows: 'batches go back, the newest first' },
        ],
      };
    case 'ab':
      return {
        changes: {
          strategy: 'ab_test',
          ab_test: {
            share: '50%',
            min_duration: '8s',
            max_duration: '20s',
            min_samples: 200,
            undecided: 'candidate',
            goal: { kind: 'traffic' },
          },
          // Below every limit, so that only the test can tell.
          validation: { ...VALIDATION, max_error_rate_increase: '10%' },
          judge: { errors: { method: 'threshold' } },
          stabilization_period: '10s',
        },
        instances: 2,
        releases: [
          { ...GOOD, shows: 'as good as v1: undecided, and then the candidate is kept' },
          { ...BAD, fault: 'flaky', shows: 'below every limit, and worse than v2: it loses' },
        ],
      };
    default:
      return strategy satisfies never;
  }
}

/** `STRATEGY=`, by default blue-green. */
export function readDemoStrategy(text: string | undefined): DemoStrategy {
  const found = DEMO_STRATEGIES.find((strategy) => strategy === (text ?? 'blue_green'));
  if (found !== undefined) return found;
  throw new Error(`STRATEGY is one of ${DEMO_STRATEGIES.join(', ')}, not "${text}"`);
}
