import { describe, expect, test } from 'vitest';
import { formatMatchers, matchesAll } from '../../../src/domain/alerting/matcher.ts';
import { setSilence } from '../../../src/domain/alerting/silence.ts';
import { planOf } from '../../../src/domain/release/plan.ts';
import { readRelease } from '../../../src/domain/release/release-file.ts';
import {
  expireCommand,
  renewedAt,
  silenceCommand,
  silenceLength,
  silencedBy,
} from '../../../src/domain/release/release-silence.ts';
import { filledIn } from '../../../src/domain/release/silenced.ts';
import { timetableOf } from '../../../src/domain/release/timetable.ts';
import { specOf } from './specs.ts';

const FACTS = { stableInstances: 2, fast: false };
const HOUR_MS = 3_600_000;

const RUN = {
  ...{ workflowId: 'release/checkout/7', service: 'checkout', version: 'v2' },
  ...{ strategy: 'canary', who: 'ada', why: 'faster', startedAtMs: 1000 },
};

function silenced(version: string, ...silence: string[]): readonly string[] {
  return (specOf({ version, alerts: { silence } }).alerts?.silence ?? []).map(formatMatchers);
}

function read(silence: unknown) {
  const document = {
    ...{ service: 'checkout', version: 'v2', strategy: 'blue_green' },
    ...{ environment: { kind: 'memory' }, traffic: { kind: 'memory' } },
    ...{ metrics: [{ kind: 'memory' }], alerts: { silence } },
  };
  const text = JSON.stringify(document);
  return readRelease({ forTests: true, text, file: 'r.json', folder: '/', version: undefined });
}

function problemsOf(silence: unknown): readonly string[] {
  const file = read(silence);
  return file.kind === 'invalid' ? file.problems.map(({ message }) => message) : [];
}

test('a specification has the matchers with the names of its release in them', () => {
  expect(
    silenced(
      '2.4.1+b',
      '{instance=~"{service}-{version}-.*", team!="a"}',
      'pod="checkout-{version}"',
    ),
  ).toEqual([
    String.raw`{instance=~"(?:checkout)-(?:2\\.4\\.1\\+b)-.*",team!="a"}`,
    '{pod="checkout-2.4.1+b"}',
  ]);
});

test('a specification of a file without silences knows nothing of them', () => {
  expect(specOf()).not.toHaveProperty('alerts');
});

test.each([
  ['2.4.1', '2x4x1'],
  ['v.+', 'v99'],
  ['a|b', 'b'],
  ['.*', 'anything'],
  ['v1)|(?:.*', 'stable'],
  [String.raw`\E.*`, 'stable'],
  ['[a-z]', 'q'],
])('a version called %s silences no other version', (version, other) => {
  const sets = filledIn([[{ name: 'pod', operator: '=~', value: '{version}(-[0-9]+)?' }]], {
    service: 'checkout',
    version,
  });
  const isSilenced = (pod: string): boolean => sets.some((set) => matchesAll(set, { pod }));
  expect(isSilenced(version)).toBe(true);
  expect(isSilenced(`${version}-12`)).toBe(true);
  expect(isSilenced(other)).toBe(false);
});

test('a repeat after a placeholder repeats all of it', () => {
  const [set = []] = filledIn([[{ name: 'pod', operator: '=~', value: '{version}*' }]], {
    service: 'checkout',
    version: 'ab',
  });
  expect(matchesAll(set, { pod: 'abab' })).toBe(true);
  expect(matchesAll(set, { pod: 'abbb' })).toBe(false);
});

describe('what is wrong with silences', () => {
  test.each([
    [['pod="{versoin}"'], '{versoin} is not filled in: only {service} and {version} are'],
    [['pod=~"[{version}]"'], 'within […]'],
    [[String.raw`pod=~"\\{version}"`], 'behind a backslash'],
    [[String.raw`pod=~"\\Q{version}\\E"`], 'with \\Q'],
    [['pod=~"(?=x){version}"'], 'RE2 has no look-around'],
    [['pod == "x"'], 'equal is one ='],
    [['pod=~".*"'], 'would silence everything'],
    [[''], 'would silence everything'],
    [[], 'leave alerts out'],
    ['pod="a"', 'list'],
    [[7], 'matchers are one text'],
  ])('%j is a problem: %s', (silence, message) => {
    expect(problemsOf(silence).join('\n')).toContain(message);
  });

  test.each([
    [['pod=~"{version}-[a-z]{2,3}"']],
    [[String.raw`pod=~"\\p{greek}{version}"`]],
    [['pod=~"[^]]{version}"']],
  ])('%j is not mistaken for a wrong placeholder', (silence) => {
    expect(problemsOf(silence).filter((one) => one.includes('placeholder'))).toEqual([]);
    expect(problemsOf(silence).filter((one) => one.includes('filled in'))).toEqual([]);
  });

  test('a silence of stable too is said aloud', () => {
    const file = read(['pod="{version}"', 'pod!~"{version}", job="x"', '{service="{service}"}']);
    expect(file).toMatchObject({
      kind: 'valid',
      remarks: expect.arrayContaining([
        'alerts.silence[1] has no {version}: it silences alerts of stable as well',
        'alerts.silence[2] has no {version}: it silences alerts of stable as well',
      ]),
    });
    expect(file.kind === 'valid' && file.remarks.join()).not.toContain('silence[0]');
  });
});

describe('the silence of a release', () => {
  const sets = [[{ name: 'pod', operator: '=', value: 'v2' }]] as const;

  test('lasts longer than its waits at their longest, gates without an end aside', () => {
    const spec = specOf({
      ...{ strategy: 'blue_green', warmup_duration: '10s', health_check_timeout: '2m' },
      ...{ validation: { window: '5m', no_data_budget: '1m' }, stabilization_period: '10m' },
      ...{ cleanup_delay: '5m', gates: [{ name: 'ok', person: {}, before: 'progressing' }] },
    });
    const planned = 130_000 + 6 * 60_000 + 10 * 60_000 + 5 * 60_000;
    expect(silenceLength(planOf(spec, FACTS), spec, FACTS)).toBe(planned + HOUR_MS);
  });

  test('is asked for again before it ends', () => {
    expect(renewedAt(10 * HOUR_MS)).toBeLessThan(10 * HOUR_MS);
  });

  test('is the same silence when it is asked for once more, only longer', () => {
    const first = silenceCommand(RUN, sets, { count: 1, endsAtMs: HOUR_MS });
    const again = silenceCommand(RUN, sets, { count: 2, endsAtMs: 2 * HOUR_MS });
    expect(first.requestId).not.toBe(again.requestId);
    const begun = setSilence({}, first.silence, 1500, first.silenceId);
    expect(begun).toMatchObject({ kind: 'set', id: RUN.workflowId });
    const [silence] = begun.kind === 'set' ? begun.changed : [];
    const known = silence === undefined ? {} : { [RUN.workflowId]: silence };
    expect(setSilence(known, again.silence, HOUR_MS / 2, again.silenceId)).toMatchObject({
      ...{ kind: 'set', id: RUN.workflowId },
      changed: [{ id: RUN.workflowId, endsAtMs: 2 * HOUR_MS }],
    });
  });

  test('says whose it is, however long the reason', () => {
    const run = { ...RUN, why: 'x'.repeat(5000) };
    const { silence } = silenceCommand(run, sets, { count: 1, endsAtMs: HOUR_MS });
    expect(silence.comment).toMatch(/^release\/checkout\/7 \(v2, canary\) of ada: x+…$/);
    expect(setSilence({}, silence, 1500, 'x')).toMatchObject({ kind: 'set' });
  });

  test('is ended under one id, by whomever', () => {
    expect(expireCommand(RUN.workflowId, 'it is stable')).toEqual({
      ...{ requestId: 'release/checkout/7/expire', who: 'release/checkout/7' },
      ...{ why: 'it is stable', silenceId: 'release/checkout/7' },
    });
  });
});

test('the timetable says what is silenced; one that moves nothing silences nothing', () => {
  const alerts = { silence: ['pod="{version}"'] };
  expect(timetableOf(specOf({ alerts }), FACTS).silenced).toEqual(['{pod="v2"}']);
  expect(timetableOf(specOf(), FACTS).silenced).toEqual([]);
  const observing = specOf({ alerts, mode: 'observe' });
  expect(timetableOf(observing, FACTS).silenced).toEqual([]);
  expect(silencedBy(observing)).toBeUndefined();
});
