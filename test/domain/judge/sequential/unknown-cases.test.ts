import { expect, test } from 'vitest';
import { beginCounts, lookCounts } from '../../../../src/domain/judge/sequential/counts.ts';
import { beginLatency, lookLatency } from '../../../../src/domain/judge/sequential/latency.ts';
import { beginMeans, lookMeans } from '../../../../src/domain/judge/sequential/means.ts';
import {
  beginProportions,
  lookProportions,
} from '../../../../src/domain/judge/sequential/proportions.ts';
import { UNKNOWN_CASES } from '../../../../src/domain/judge/sequential/unknown-cases.ts';
import type { UnknownCase } from '../../../../src/domain/judge/sequential/unknown-cases.ts';

const ALPHA = 0.01;

function past<T>(history: UnknownCase['history'], block: (index: number) => T): T[] {
  return history === 'none' ? [] : Array.from({ length: 240 }, (_, index) => block(index));
}

function look(it: UnknownCase) {
  switch (it.kind) {
    case 'counts': {
      const history = past(it.history, (index) => ({ events: 3 + ((index * 7) % 5), units: 1000 }));
      const begun = beginCounts({ alpha: ALPHA, split: 0.5, history });
      return { begun, ...lookCounts(begun, it.blocks) };
    }
    case 'proportions': {
      const history = past(it.history, (index) => ({ trials: 500, successes: 3 + (index % 5) }));
      const begun = beginProportions({ alpha: ALPHA, history });
      return { begun, ...lookProportions(begun, it.blocks) };
    }
    case 'means': {
      const begun = beginMeans({ alpha: ALPHA, history: past(it.history, (index) => index % 7) });
      return { begun, ...lookMeans(begun, it.blocks) };
    }
    case 'latency': {
      const history = past(it.history, (index) => ({
        counts: { '199': 200 + (index % 7), '200': 300 },
        total: 500 + (index % 7),
      }));
      const begun = beginLatency({ alpha: ALPHA, history });
      return { begun, ...lookLatency(begun, it.blocks) };
    }
    default:
      return it satisfies never;
  }
}

test.each(UNKNOWN_CASES.map((it) => [it.kind, it.name, it] as const))(
  '%s, %s: unknown, with a reason',
  (_, _name, it) => {
    const { reading } = look(it);
    expect(reading.decision).toBe('unknown');
    expect(reading.reason).not.toBe('');
    expect(JSON.parse(JSON.stringify(reading))).toEqual(reading);
  },
);

test.each(
  UNKNOWN_CASES.filter(({ name }) =>
    /NaN|infinite|negative|not whole|no counts|more/.test(name),
  ).map((it) => [it.kind, it.name, it] as const),
)('%s, %s: leaves the state as it was', (_, _name, it) => {
  const { begun, state } = look(it);
  expect(state).toEqual(begun);
});
