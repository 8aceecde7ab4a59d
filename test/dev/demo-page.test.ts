import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { IncidentView } from '../../src/client/client.ts';
import { readPerson } from '../../src/dev/demo-page.ts';
import { type PageFacts, pagesAfterAck, proofsOf } from '../../src/dev/demo-page-proof.ts';
import {
  DEMO_SECRETS,
  LEVELS,
  LEVEL_WAIT_MS,
  PAGE_STORY,
  demoPaging,
} from '../../src/dev/demo-paging.ts';
import { demoRelease } from '../../src/dev/demo-release.ts';
import { readDemoScenario } from '../../src/dev/demo-scenario.ts';
import { usualPagingFile } from '../../src/dev/dev-paging.ts';
import type { LedgerEntry } from '../../src/domain/escalation/ledger.ts';
import { planLevel } from '../../src/domain/escalation/plan-level.ts';
import { requirePaging } from '../../src/domain/paging/paging-file.ts';
import { rosterOf } from '../../src/domain/paging/roster.ts';
import { snapshotOf } from '../../src/domain/paging/snapshot-of.ts';
import { requireRelease } from '../../src/domain/release/release-file.ts';

/** A person who does not hurry, and the silence after it. */
const ANSWERED_WITHIN_MS = 120_000;

const text = JSON.stringify(
  demoPaging({ slackUrl: 'http://127.0.0.1:1/api', pagerDutyUrl: 'http://127.0.0.1:1/v2/enqueue' }),
);
const paging = requirePaging({ text, file: 'paging.json', readFile: () => '' });

test('the bad release names a policy that pages Slack, then PagerDuty, for long enough', () => {
  const { changes, instances, releases } = PAGE_STORY;
  const document = demoRelease({
    ...{ service: 'checkout', version: 'v2', traffic: { kind: 'memory' }, instances, changes },
  });
  const release = requireRelease({
    ...{ forTests: true, text: JSON.stringify(document), file: 'd', folder: '/' },
    version: undefined,
  });
  expect(release.remarks).toEqual([]);
  expect(releases.map(({ outcome }) => outcome)).toEqual(['rolled_back']);
  const policy = snapshotOf(paging, release.spec.incidents?.policy ?? '');
  if (policy === undefined) throw new Error('there is no such policy');
  const channels = [1, 2].map((level) => {
    const at = { round: 1, level, override: null, turn: { first: 0, taken: {} } };
    const planned = planLevel(
      rosterOf(paging),
      { policy, severity: 'critical', ...at },
      Date.UTC(2026, 10, 26),
    );
    return planned.kind === 'level'
      ? [planned.waitMs, planned.missing, planned.pages.map(({ channel }) => channel)]
      : [];
  });
  expect(channels).toEqual([
    [LEVEL_WAIT_MS, [], ['slack']],
    [LEVEL_WAIT_MS, [], ['pagerduty']],
  ]);
  expect((1 + policy.repeat) * LEVELS * LEVEL_WAIT_MS).toBeGreaterThan(ANSWERED_WITHIN_MS);
});

test('its secrets stand in no file, only their places', () => {
  for (const [name, value] of Object.entries(DEMO_SECRETS)) {
    expect(text).toContain(name);
    expect(text).not.toContain(value);
  }
});

test('scenarios and persons that there are not are refused with all that there are', () => {
  expect([readDemoScenario(undefined), readDemoScenario('page')]).toEqual(['release', 'page']);
  expect(() => readDemoScenario('pages')).toThrow('SCENARIO is one of release, page, not "pages"');
  expect([readPerson(undefined), readPerson('none')]).toEqual(['awaited', 'none']);
  expect(() => readPerson('nobody')).toThrow('PERSON is none, or is left out, not "nobody"');
});

function page(level: number, atMs: number): LedgerEntry {
  return {
    ...{ key: `k-l${level}`, purpose: 'level', round: 1, level, channel: 'c', person: 'p' },
    ...{ contact: 'x', state: 'accepted', sinceMs: atMs, attempts: [], receipt: 'r', handle: 'h' },
    shown: 'trigger',
  };
}

const [FIRST_MS, SECOND_MS, ACK_MS, RESOLVED_MS] = [1000, 11_000, 15_000, 41_000];

const incident: IncidentView = {
  ...{
    id: 'incident/k',
    key: 'k',
    title: 'checkout: v2 goes back',
    text: '',
    severity: 'critical',
  },
  ...{ source: 'release/checkout/2', labels: {}, links: [], policy: 'checkout', who: 'x' },
  ...{ openedAtMs: FIRST_MS, status: 'resolved', round: 1, level: 2, levels: 2, nextAtMs: null },
  ...{ quietUntilMs: null, verbs: [], ledgerDropped: 0, timeline: [], warnings: [] },
  acknowledgedBy: { by: 'you', why: 'I look at it', atMs: ACK_MS },
  resolvedBy: { by: 'demo', why: 'over', atMs: RESOLVED_MS },
  ledger: [page(1, FIRST_MS), page(2, SECOND_MS)],
};

const content = { text: 't', blocks: [], attachments: [] };
const message = { channel: 'C', ts: '1.1', key: 'k', content, updates: 2 };
const post = {
  kind: 'post',
  channel: 'C',
  ts: '1.1',
  atMs: FIRST_MS,
  text: 'CRITICAL: x',
} as const;
const event = { dedupKey: 'k', summary: '' };

const SEEN: PageFacts = {
  release: { version: 'v2', outcome: 'rolled_back' },
  requests: { requests: 2000, failed: 0 },
  incident,
  slack: {
    calls: [
      post,
      { ...post, kind: 'update', atMs: ACK_MS, text: 'ACKNOWLEDGED: x' },
      { ...post, kind: 'update', atMs: RESOLVED_MS, text: 'RESOLVED: x' },
    ],
    shown: [message],
    problems: [],
  },
  pagerDuty: {
    events: [
      { ...event, action: 'trigger', atMs: SECOND_MS },
      { ...event, action: 'acknowledge', atMs: ACK_MS },
      { ...event, action: 'resolve', atMs: RESOLVED_MS },
    ],
    shown: [{ dedupKey: 'k', status: 'resolved', summary: 's', severity: 'critical', repeats: 0 }],
    problems: [],
  },
  quiet: { fromMs: ACK_MS + 100, untilMs: RESOLVED_MS },
};

const denied = (facts: PageFacts): readonly string[] =>
  proofsOf(facts).flatMap(({ what, isSo }) => (isSo ? [] : [what]));

test('when all has been seen, every proof is there, and nobody was paged after the answer', () => {
  expect(denied(SEEN)).toEqual([]);
  expect(pagesAfterAck(SEEN)).toBe(0);
});

const { slack, pagerDuty } = SEEN;
const without = (action: string) => pagerDuty.events.filter((one) => one.action !== action);
const LATE_MS = ACK_MS + 9000;

const LACKS: readonly (readonly [string, Partial<PageFacts>, string])[] = [
  ['it succeeded', { release: { version: 'v2', outcome: 'succeeded' } }, 'v2 went back by itself'],
  ['users lost some', { requests: { requests: 9, failed: 1 } }, 'of 9 requests of its users 1'],
  ['somebody opened it', { incident: { ...incident, source: 'ann' } }, 'its release opened'],
  ['level 1 is not there', { incident: { ...incident, ledger: [page(2, 1)] } }, 'level 1 came'],
  [
    'level 2 did not wait',
    { incident: { ...incident, ledger: [page(1, FIRST_MS), page(2, FIRST_MS + 9999)] } },
    'level 2 came at PagerDuty, 10.0 s after',
  ],
  ['PagerDuty got none', { pagerDuty: { ...pagerDuty, events: without('trigger') } }, 'level 2'],
  ['nobody did', { incident: { ...incident, acknowledgedBy: null } }, 'another process'],
  [
    'Slack was paged again',
    { slack: { ...slack, calls: [...slack.calls, { ...post, atMs: LATE_MS }] } },
    'nobody was paged',
  ],
  [
    'a page was handed out that came nowhere',
    { incident: { ...incident, ledger: [...incident.ledger, page(1, LATE_MS)] } },
    'nobody was paged',
  ],
  [
    'it was looked for too short a time',
    { quiet: { fromMs: ACK_MS, untilMs: ACK_MS + 20_000 } },
    'nobody was paged',
  ],
  [
    'a message of Slack stayed as it was',
    { slack: { ...slack, shown: [message, { ...message, ts: '1.2' }] } },
    'every message of Slack',
  ],
  [
    'PagerDuty was not told',
    { pagerDuty: { ...pagerDuty, events: without('acknowledge') } },
    'every message of Slack',
  ],
  ['it was not resolved', { incident: { ...incident, status: 'acknowledged' } }, 'and that it is'],
  [
    'a page has no receipt',
    { incident: { ...incident, ledger: [page(1, 1000), { ...page(2, 11_000), receipt: null }] } },
    'the ledger has all 2',
  ],
  ['Slack found fault', { slack: { ...slack, problems: ['text'] } }, 'Slack and PagerDuty got'],
];

test.each(LACKS)('where %s, the demo says so', (_, change, what) => {
  const lacks = denied({ ...SEEN, ...change });
  expect(lacks.some((one) => one.startsWith(what))).toBe(true);
});

test('a page that had been handed out before counts against nobody', () => {
  const before = { ...post, atMs: SEEN.quiet.fromMs };
  expect(pagesAfterAck({ ...SEEN, slack: { ...slack, calls: [before] } })).toBe(0);
});

test('belay dev writes a paging file that pages its log, and leaves one that is there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'belay-dev-'));
  const file = usualPagingFile(folder);
  const written = requirePaging({
    ...{ text: readFileSync(file, 'utf8'), file, readFile: () => '' },
  });
  expect(Object.keys(written.policies)).toEqual(['default']);
  expect(written.lastResort).toEqual(['log']);
  writeFileSync(file, '# mine');
  expect(usualPagingFile(folder)).toBe(file);
  expect(readFileSync(file, 'utf8')).toBe('# mine');
  rmSync(folder, { recursive: true });
});
