import { expect, test } from 'vitest';
import type { ServiceView } from '../../../src/domain/release/commands.ts';
import { hasReleased } from '../../../src/domain/release/has-released.ts';
import type { RunRecord } from '../../../src/domain/release/progress.ts';

type Run = readonly [version: string, outcome?: RunRecord['outcome'], kind?: RunRecord['kind']];

/** Oldest first; a run without an outcome is the one that runs. */
function viewOf(stable: string | undefined, ...runs: readonly Run[]): ServiceView {
  const records = runs.map(([version, outcome, kind = 'release'], index): RunRecord => ({
    workflowId: `${kind}/payments/${index + 1}`,
    service: 'payments',
    kind,
    number: index + 1,
    version,
    who: 'ada',
    why: 'a test',
    startedAtMs: 0,
    endedAtMs: outcome === undefined ? undefined : 1,
    outcome,
    reason: undefined,
  }));
  return {
    service: 'payments',
    stable,
    nextNumber: records.length + 1,
    active: records.find(({ outcome }) => outcome === undefined),
    queue: [],
    left: [],
    runs: records.filter(({ outcome }) => outcome !== undefined).toReversed(),
  };
}

test.each<readonly [string, ServiceView, string, boolean]>([
  ['nothing is stable', viewOf(undefined, ['v12']), 'v12', false],
  ['stable is the wanted version', viewOf('v12', ['v12', 'succeeded']), 'v12', true],
  ['stable is a later one', viewOf('v13', ['v13', 'succeeded']), 'v12', true],
  ['stable is an earlier one', viewOf('v9', ['v9', 'succeeded']), 'v12', false],
  [
    'the wanted version has been rolled back',
    viewOf('v11', ['v12', 'succeeded'], ['v11', 'rolled_back', 'rollback']),
    'v12',
    false,
  ],
  ['hashes are the same', viewOf('c0ffee1', ['c0ffee1', 'succeeded']), 'c0ffee1', true],
  ['a hash was never released', viewOf('c0ffee1', ['c0ffee1', 'succeeded']), 'decade2', false],
  [
    'a hash was released before stable',
    viewOf('decade2', ['c0ffee1', 'succeeded'], ['decade2', 'succeeded']),
    'c0ffee1',
    true,
  ],
  [
    'a hash was released before what a running release has just promoted',
    viewOf('decade2', ['c0ffee1', 'succeeded'], ['decade2']),
    'c0ffee1',
    true,
  ],
  [
    'a hash is still being released',
    viewOf('c0ffee1', ['c0ffee1', 'succeeded'], ['decade2']),
    'decade2',
    false,
  ],
  [
    'a hash failed before stable',
    viewOf('decade2', ['c0ffee1', 'rolled_back'], ['decade2', 'succeeded']),
    'c0ffee1',
    false,
  ],
  [
    'a hash was released after stable, which came back by a rollback',
    viewOf(
      'c0ffee1',
      ['c0ffee1', 'succeeded'],
      ['decade2', 'succeeded'],
      ['c0ffee1', 'rolled_back', 'rollback'],
    ),
    'decade2',
    false,
  ],
  [
    'a hash was released after stable first was, which came back by a release',
    viewOf('c0ffee1', ['c0ffee1', 'succeeded'], ['decade2', 'succeeded'], ['c0ffee1', 'succeeded']),
    'decade2',
    false,
  ],
  [
    'nothing is known of stable any more',
    viewOf('decade2', ['c0ffee1', 'succeeded']),
    'c0ffee1',
    false,
  ],
])('%s', (_name, view, wanted, has) => {
  expect(hasReleased(view, wanted)).toBe(has);
});
