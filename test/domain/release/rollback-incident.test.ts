import { describe, expect, test } from 'vitest';
import { formatProblem } from '../../../src/domain/document/problem.ts';
import type { Asked } from '../../../src/domain/release/commands.ts';
import type { Cause } from '../../../src/domain/release/progress.ts';
import { readRelease } from '../../../src/domain/release/release-file.ts';
import {
  type GoingBack,
  evidenceOf,
  incidentOfReleases,
  isUnexpected,
  notBackReport,
  rolledBackReport,
  unverifiedReport,
} from '../../../src/domain/release/rollback-incident.ts';

const ADA: Asked = { requestId: 'r1', who: 'ada', why: 'it looks odd' };

test.each([
  ['performance', null, true],
  ['health_check', null, true],
  ['NoData', null, true],
  ['GateClosed', null, true],
  ['performance', ADA, false],
  ['manual', ADA, false],
  // As its file has wanted it, or a person beside Belay.
  ['experiment', null, false],
  ['FreezeWindow', null, false],
  ['TrafficTakenBack', null, false],
] as const satisfies readonly (readonly [Cause, Asked | null, boolean])[])(
  'of %s, asked by %j, people are paged: %s',
  (cause, asked, is) => {
    expect(isUnexpected({ cause, asked })).toBe(is);
  },
);

const GOING: GoingBack = {
  workflowId: 'rollback/shop/8',
  service: 'shop',
  from: 'v2',
  to: 'v1',
  strategy: 'canary',
  trigger: 'error_rate',
  why: 'error rate is 40 % on v2, limit 5 %',
  wentWrong: {
    release: 'release/shop/7',
    evidence: ['error rate is 40 % on v2, limit 5 %', 'p95 is 900 ms on v2, limit 250 ms'],
  },
};

const SETTINGS = {
  policy: 'night',
  severity: 'error',
  links: [
    { text: 'Temporal', url: 'https://t.example/workflows/{run}' },
    { text: 'figures', url: 'https://g.example/d/{service}?version={version}' },
  ],
} as const;

describe('what is reported', () => {
  test('of an automatic rollback: why, each sentence once, and where to look', () => {
    expect(rolledBackReport(GOING, { ...SETTINGS, links: [...SETTINGS.links] })).toEqual({
      title: 'shop: v2 goes back to v1: error rate is 40 % on v2, limit 5 %',
      text: [
        'Traffic goes from v2 to v1 by itself.',
        'error_rate: error rate is 40 % on v2, limit 5 %',
        'p95 is 900 ms on v2, limit 250 ms',
        'More: belay explain rollback/shop/8',
      ].join('\n'),
      severity: 'error',
      source: 'release/shop/7',
      labels: {
        ...{ service: 'shop', version: 'v2', stable: 'v1', strategy: 'canary' },
        ...{ cause: 'error_rate', release: 'release/shop/7', rollback: 'rollback/shop/8' },
      },
      links: [
        { text: 'Temporal', url: 'https://t.example/workflows/release%2Fshop%2F7' },
        { text: 'figures', url: 'https://g.example/d/shop?version=v2' },
      ],
    });
  });

  test('of one that is not back, and of one that is not verified: what serves', () => {
    const settings = { ...SETTINGS, links: [] };
    expect(notBackReport(GOING, settings, 'the socket is gone')).toMatchObject({
      title: 'shop: traffic is not back from v2: the socket is gone',
    });
    const how = { serving: 'v1', reason: 'no data' };
    const byHand = { ...GOING, trigger: 'manual', wentWrong: undefined } as const;
    expect(unverifiedReport(byHand, settings, how)).toMatchObject({
      title: 'shop: rollback not verified, v1 serves: no data',
      source: 'rollback/shop/8',
    });
  });

  test('a reason without an end is cut', () => {
    const endless = { ...GOING, why: 'x'.repeat(100_000) };
    const { title, text } = rolledBackReport(endless, { ...SETTINGS, links: [] });
    expect([title.length, text.length]).toEqual([300, 4000]);
  });

  test('evidence is what speaks against the version', () => {
    const finding = { signal: 'latency_p95', severity: 'critical' } as const;
    const verdict = {
      kind: 'fail',
      summary: 'slow',
      findings: [
        { ...finding, kind: 'ok', sentence: 'fine' },
        { ...finding, kind: 'violation', sentence: 'slow' },
        { ...finding, kind: 'no_data', sentence: 'nothing' },
      ],
    } as const;
    expect(evidenceOf(verdict)).toEqual(['slow', 'nothing']);
    expect(evidenceOf(undefined)).toEqual([]);
  });
});

test('all releases of a service are one incident; other policies and services are others', () => {
  const { id } = incidentOfReleases('night', 'shop');
  expect(id).toMatch(/^incident\/[0-9a-f]{64}$/);
  expect(incidentOfReleases('night', 'shop').id).toBe(id);
  expect(incidentOfReleases('day', 'shop').id).not.toBe(id);
  expect(incidentOfReleases('night', 'cart').id).not.toBe(id);
});

describe('the key of the file', () => {
  const read = (incidents: string) =>
    readRelease({
      text: `service: shop
version: '2'
strategy: blue_green
environment: { kind: memory }
traffic: { kind: memory }
${incidents}`,
      ...{ forTests: true, file: 'r.yaml', folder: '/srv', version: undefined },
    });

  test.each([
    ['incidents: {}', /^r\.yaml:6:\d+: incidents.*policy/],
    ['incidents: { policy: Night Shift }', /^r\.yaml:6:\d+: incidents\.policy: a name has/],
    ['incidents: { policy: night, severity: bad }', /^r\.yaml:6:\d+: incidents\.severity: .*error/],
    ['incidents: { policy: night, on: [failed] }', /^r\.yaml:6:\d+: incidents\.on/],
    [
      "incidents: { policy: night, links: [{ text: a, url: 'https://a.example/{id}' }] }",
      /^r\.yaml:6:\d+: incidents\.links\.0\.url: only \{service\}, \{version\}, \{run\}/,
    ],
    [
      'incidents: { policy: night, links: [{ text: a, url: a.example }] }',
      /^r\.yaml:6:\d+: incidents\.links\.0\.url: a URL begins with http/,
    ],
  ])('%s is refused with its place', (text, problem) => {
    const file = read(text);
    const problems = file.kind === 'valid' ? [] : file.problems.map(formatProblem);
    expect(problems).toEqual([expect.stringMatching(problem)]);
  });

  test('is critical by default, and has no effect where nothing goes back', () => {
    const file = read('incidents: { policy: night }\nmode: observe');
    expect(file).toMatchObject({
      kind: 'valid',
      spec: { incidents: { policy: 'night', severity: 'critical', links: [] } },
      remarks: expect.arrayContaining([expect.stringContaining('incidents has no effect')]),
    });
  });
});
