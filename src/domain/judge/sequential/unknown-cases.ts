import type { Histogram } from '../histogram.ts';
import type { CountsBlock } from './counts.ts';
import type { LatencyBlock } from './latency.ts';
import type { MeansBlock } from './means.ts';
import type { ProportionsBlock } from './proportions.ts';

export type UnknownCase = { readonly name: string; readonly history: 'long' | 'none' } & (
  | { readonly kind: 'counts'; readonly blocks: readonly CountsBlock[] }
  | { readonly kind: 'proportions'; readonly blocks: readonly ProportionsBlock[] }
  | { readonly kind: 'means'; readonly blocks: readonly MeansBlock[] }
  | { readonly kind: 'latency'; readonly blocks: readonly LatencyBlock[] }
);

const ARM = { trials: 1000, successes: 10 } as const;
const NONE: Histogram = { counts: {}, total: 0 };
const FAST: Histogram = { counts: { '200': 500 }, total: 500 };
const BAD_MEAN = { baseline: 1, candidate: 1000 } as const;

/**
 * Every way in which there is nothing to judge by. None of them is ever `not_worse`, and none but
 * `unknown`; the tests walk this table.
 */
export const UNKNOWN_CASES: readonly UnknownCase[] = [
  { kind: 'counts', name: 'judged before the first block', history: 'long', blocks: [] },
  {
    kind: 'counts',
    name: 'NaN events',
    history: 'long',
    blocks: [{ baseline: NaN, candidate: 1 }],
  },
  {
    kind: 'counts',
    name: 'infinite events',
    history: 'long',
    blocks: [{ baseline: 1, candidate: Infinity }],
  },
  {
    kind: 'counts',
    name: 'negative events',
    history: 'long',
    blocks: [{ baseline: -1, candidate: 500 }],
  },
  {
    kind: 'counts',
    name: 'events that are not whole',
    history: 'long',
    blocks: [{ baseline: 1, candidate: 499.5 }],
  },
  {
    kind: 'counts',
    name: 'units that are no counts',
    history: 'long',
    blocks: [{ baseline: 1, candidate: 500, units: { baseline: NaN, candidate: 5 } }],
  },
  {
    kind: 'counts',
    name: 'events without any unit',
    history: 'long',
    blocks: [{ baseline: 1, candidate: 500, units: { baseline: 0, candidate: 0 } }],
  },
  {
    kind: 'counts',
    name: 'events of an arm without units',
    history: 'long',
    blocks: [{ baseline: 1, candidate: 500, units: { baseline: 0, candidate: 9 } }],
  },
  {
    kind: 'counts',
    name: 'too few events',
    history: 'long',
    blocks: [{ baseline: 0, candidate: 1 }],
  },
  {
    kind: 'counts',
    name: 'a baseline that reports nothing',
    history: 'long',
    blocks: Array.from({ length: 10 }, () => ({ baseline: 0, candidate: 500 })),
  },
  {
    kind: 'counts',
    name: 'a candidate without requests',
    history: 'long',
    blocks: Array.from({ length: 10 }, () => ({
      baseline: 20,
      candidate: 0,
      units: { baseline: 900, candidate: 0 },
    })),
  },
  {
    kind: 'counts',
    name: 'no history and one block',
    history: 'none',
    blocks: [{ baseline: 5, candidate: 500 }],
  },
  { kind: 'proportions', name: 'judged before the first block', history: 'long', blocks: [] },
  {
    kind: 'proportions',
    name: 'NaN trials',
    history: 'long',
    blocks: [{ baseline: ARM, candidate: { trials: NaN, successes: 1 } }],
  },
  {
    kind: 'proportions',
    name: 'negative successes',
    history: 'long',
    blocks: [{ baseline: ARM, candidate: { trials: 1000, successes: -1 } }],
  },
  {
    kind: 'proportions',
    name: 'more successes than trials',
    history: 'long',
    blocks: [{ baseline: ARM, candidate: { trials: 1000, successes: 1001 } }],
  },
  {
    kind: 'proportions',
    name: 'an arm without trials',
    history: 'long',
    blocks: [{ baseline: ARM, candidate: { trials: 0, successes: 0 } }],
  },
  {
    kind: 'proportions',
    name: 'no history and one block',
    history: 'none',
    blocks: [{ baseline: ARM, candidate: { trials: 1000, successes: 900 } }],
  },
  { kind: 'means', name: 'judged before the first block', history: 'long', blocks: [] },
  { kind: 'means', name: 'one point per arm', history: 'long', blocks: [BAD_MEAN] },
  {
    kind: 'means',
    name: 'a value that is NaN',
    history: 'long',
    blocks: [BAD_MEAN, BAD_MEAN, BAD_MEAN, { baseline: 1, candidate: NaN }],
  },
  {
    kind: 'means',
    name: 'an infinite value',
    history: 'long',
    blocks: [BAD_MEAN, BAD_MEAN, { baseline: -Infinity, candidate: 1 }],
  },
  {
    kind: 'means',
    name: 'no history and a few blocks',
    history: 'none',
    blocks: [BAD_MEAN, BAD_MEAN, BAD_MEAN, BAD_MEAN],
  },
  { kind: 'latency', name: 'judged before the first block', history: 'long', blocks: [] },
  {
    kind: 'latency',
    name: 'an arm without requests',
    history: 'long',
    blocks: [{ baseline: FAST, candidate: NONE }],
  },
  {
    kind: 'latency',
    name: 'one request per arm',
    history: 'long',
    blocks: [
      {
        baseline: { counts: { '200': 1 }, total: 1 },
        candidate: { counts: { '600': 1 }, total: 1 },
      },
    ],
  },
  {
    kind: 'latency',
    name: 'a total that is not the sum of its counts',
    history: 'long',
    blocks: [{ baseline: FAST, candidate: { counts: { '600': 1 }, total: 500 } }],
  },
  {
    kind: 'latency',
    name: 'a count that is NaN',
    history: 'long',
    blocks: [{ baseline: FAST, candidate: { counts: { '600': NaN }, total: 500 } }],
  },
  {
    kind: 'latency',
    name: 'no history and one block',
    history: 'none',
    blocks: [{ baseline: FAST, candidate: { counts: { '600': 500 }, total: 500 } }],
  },
];
