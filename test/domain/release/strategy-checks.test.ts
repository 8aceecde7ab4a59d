import { describe, expect, test } from 'vitest';
import { type ReleaseFile, readRelease } from '../../../src/domain/release/release-file.ts';

type Changes = Readonly<Record<string, unknown>>;

function read(changes: Changes): ReleaseFile {
  const document = {
    service: 'shop',
    version: '2',
    strategy: 'canary',
    environment: { kind: 'memory', instances: 4 },
    traffic: { kind: 'memory' },
    performance_thresholds: { max_error_rate: '1%' },
    ...changes,
  };
  const text = JSON.stringify(document);
  return readRelease({ forTests: true, text, file: 'r.json', folder: '/', version: undefined });
}

function messagesOf(changes: Changes): readonly string[] {
  const file = read(changes);
  if (file.kind === 'valid') return [];
  return file.problems.map(({ path, message }) => `${path}: ${message}`);
}

const BLUE_GREEN = { strategy: 'blue_green' };
const AB = { strategy: 'ab_test' };
const AFFINITY = { cookie: 'user' };

describe('keys of a strategy that cannot hold together are told where and why', () => {
  test.each<[string, Changes, string]>([
    [
      'a weight that goes down',
      { steps: [{ weight: 20 }, { weight: 10 }] },
      'steps.1.weight: 10 does not rise: the weight before it is 20',
    ],
    [
      'a weight that is repeated, with something between',
      { steps: [{ weight: 20 }, { hold: '1m' }, { weight: 20 }] },
      'steps.2.weight: 20 does not rise: the weight before it is 20',
    ],
    [
      'a scale that takes instances away',
      { steps: [{ scale: 3 }, { weight: 10 }, { scale: 2 }] },
      'steps.2.scale: comes to 2 of 3 instances: a step only adds to them',
    ],
    [
      'a scale below what a weight has brought',
      { steps: [{ weight: 75 }, { scale: '50%' }] },
      'steps.1.scale: comes to 2 of 3 instances: a step only adds to them',
    ],
    [
      'more instances than the release has',
      { steps: [{ scale: 5 }, { weight: 10 }] },
      'steps.0.scale: 5 is more than environment.instances (4)',
    ],
    [
      'a time for what has none',
      { steps: [{ weight: 10 }, { scale: 2, for: '1m' }] },
      'steps.1.for: belongs to weight and mirror',
    ],
    [
      'a verdict on a version that nobody meets',
      { steps: [{ analysis: '1m' }, { weight: 10 }] },
      'steps.0.analysis: comes before any traffic',
    ],
    [
      'an affinity in two places',
      { session_affinity: AFFINITY, steps: [{ session_affinity: AFFINITY }, { weight: 10 }] },
      'steps.0.session_affinity: stands at the top of the file as well',
    ],
    [
      'a second affinity',
      {
        steps: [{ session_affinity: AFFINITY }, { weight: 10 }, { session_affinity: AFFINITY }],
      },
      'steps.2.session_affinity: is there already',
    ],
    [
      'a limit that leaves no default step',
      { canary_traffic_percent: 0 },
      'canary_traffic_percent: 0 would leave no step before all of the traffic',
    ],
    [
      'a limit that leaves no written step',
      { canary_traffic_percent: 5, steps: [{ weight: 10 }, { weight: 50 }] },
      'canary_traffic_percent: 5 would drop every weight below 100: the least under steps is 10',
    ],
    [
      'weights of blue-green that go down',
      { ...BLUE_GREEN, switch_steps: [50, 10, 100] },
      'switch_steps.1: 10 does not rise: the weight before it is 50',
    ],
    [
      'weights of blue-green that leave traffic to what is removed',
      { ...BLUE_GREEN, switch_steps: [10, 50] },
      'switch_steps.1: 50 is the last weight, and the version before would be removed while it ' +
        'has 50 % of the traffic: write [10, 50, 100]',
    ],
    [
      'a test that ends before it may be decided',
      { ...AB, ab_test: { max_duration: '30m' } },
      'ab_test.min_duration: is 1h, longer than max_duration (30m)',
    ],
    [
      'an arm without users',
      { ...AB, ab_test: { share: 100 } },
      'ab_test.share: 100 leaves one arm without users',
    ],
    [
      'ports for two versions where a baseline runs as well',
      {
        baseline: true,
        environment: {
          kind: 'process',
          command: ['./shop'],
          instances: 2,
          ports: { from: 3000, to: 3004 },
        },
      },
      'environment.ports: has 5 ports; two versions and a baseline need 6 ' +
        '(2 × 2 instances and 2)',
    ],
  ])('%s', (_name, changes, message) => {
    expect(messagesOf(changes)).toEqual([expect.stringContaining(message)]);
  });
});

test.each<[string, Changes]>([
  ['a canary without a word more', {}],
  ['weights that rise to less than 100', { steps: [{ weight: 1 }, { weight: 50 }] }],
  ['a weight of nothing, to begin with', { steps: [{ weight: 0, for: '1m' }, { weight: 10 }] }],
  [
    'a scale that grows, or says what is there',
    { steps: [{ scale: 1 }, { weight: 25 }, { scale: '50%' }, { weight: 60 }, { scale: 4 }] },
  ],
  [
    'a verdict on a version that users meet by a match',
    { steps: [{ match: { header: 'x-beta', present: true } }, { analysis: '1m' }] },
  ],
  [
    'a verdict on copies of requests',
    { steps: [{ mirror: 10, for: '1m' }, { analysis: '1m' }, { weight: 10 }] },
  ],
  [
    'a limit that drops the higher steps alone',
    { canary_traffic_percent: 10, steps: [{ weight: 10 }, { weight: 50 }, { weight: 100 }] },
  ],
  ['steps without a weight', { canary_traffic_percent: 5, steps: [{ hold: '1m' }] }],
  ['weights of blue-green', { ...BLUE_GREEN, switch_steps: [10, 50, 100] }],
  ['a test as short as it is long', { ...AB, ab_test: { min_duration: '1h', max_duration: '1h' } }],
  [
    'a test by header, whatever its share',
    { ...AB, ab_test: { share: 0, match: { header: 'x-arm', exact: 'b' } } },
  ],
  ['steps of a canary under another strategy', { ...BLUE_GREEN, steps: [{ scale: 100 }] }],
])('%s is taken', (_name, changes) => {
  expect(messagesOf(changes)).toEqual([]);
});

describe('keys without an effect are said aloud', () => {
  const ACTIVITY = { type: 'a', task_queue: 'q' };

  test.each<[Changes, readonly string[]]>([
    [
      {
        ...BLUE_GREEN,
        steps: [{ weight: 10 }],
        baseline: true,
        session_affinity: {},
        rolling: {},
        ab_test: {},
      },
      ['steps', 'baseline', 'session_affinity', 'rolling', 'ab_test'].map(
        (key) => `${key} has no effect under strategy blue_green`,
      ),
    ],
    [
      { strategy: 'rolling', switch_steps: [50, 100], keep_on_abort: '1h', cleanup_delay: '1h' },
      ['switch_steps', 'keep_on_abort', 'cleanup_delay'].map(
        (key) => `${key} has no effect under strategy rolling`,
      ),
    ],
    [{ ...AB, rollout_duration: '1h' }, ['rollout_duration has no effect under strategy ab_test']],
    [{ ...BLUE_GREEN, rollout_duration: '1h', switch_steps: [50, 100] }, []],
    [
      { ...AB, ab_test: { share: 10, match: { cookie: 'beta', present: true } } },
      ['ab_test.share has no effect beside ab_test.match'],
    ],
    [
      {
        mode: 'observe',
        gates: [{ name: 'qa', person: {} }],
        hooks: [{ name: 'grow', on: 'expand', activity: ACTIVITY }],
      },
      ['gates', 'hooks'].map(
        (key) => `${key} have no effect under mode observe: nobody is asked and nothing is called`,
      ),
    ],
    [{ gates: [{ name: 'qa', person: {} }] }, []],
    [
      { steps: [{ weight: 5 }, { weight: 20, for: '1m' }, { weight: 30 }, { hold: '1m' }] },
      ['steps.0 is left at once, unwatched: give it a time with for'],
    ],
    [{ steps: [{ weight: 5 }, { weight: 50 }], rollout_duration: '1h' }, []],
  ])('%j', (changes, remarks) => {
    const file = read(changes);
    expect(file.kind === 'valid' ? file.remarks : file).toEqual(remarks);
  });
});
