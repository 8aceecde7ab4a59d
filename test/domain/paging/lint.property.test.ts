import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Override, type PolicySpec } from '../../../src/domain/escalation/policy.schema.ts';
import { SEVERITIES } from '../../../src/domain/escalation/severity.ts';
import { simulate } from '../../../src/domain/escalation/simulate.ts';
import { lateRules } from '../../../src/domain/paging/lint/late-rules.ts';
import { personsBehind } from '../../../src/domain/paging/lint/levels-of.ts';
import { unreachableLevels } from '../../../src/domain/paging/lint/unreachable-levels.ts';
import { type Paging, requirePaging } from '../../../src/domain/paging/paging-file.ts';
import { rosterOf } from '../../../src/domain/paging/roster.ts';
import { snapshotOf } from '../../../src/domain/paging/snapshot-of.ts';
import type { TimeOfDay } from '../../../src/domain/release/gate-time.schema.ts';

const NOW_MS = Date.parse('2026-03-27T10:20:00Z');
const HOUR = 3_600_000;
const MINUTE = 60_000;

const FILE = `
people:
  ada:
    contacts: { mail: { channel: mail }, phone: { channel: phone } }
    notify: [{ contact: mail }, { contact: phone, after: 12m }]
channels: { mail: { type: log }, phone: { type: log } }
policies: { p: { levels: [{ targets: [{ channel: mail }] }] } }
last_resort: [mail]
`;
const PAGING = requirePaging({ text: FILE, file: 'paging.yaml', readFile: () => '' });

function withPolicy(changes: Partial<PolicySpec>): Paging {
  const { p } = PAGING.policies;
  if (p === undefined) throw new Error('the file has no policy p');
  return { ...PAGING, policies: { p: { ...p, ...changes } } };
}

function simulated(paging: Paging, severity: (typeof SEVERITIES)[number], fromMs: number) {
  const policy = snapshotOf(paging, 'p');
  if (policy === undefined) throw new Error('the file has no policy p');
  return simulate(rosterOf(paging), { policy, severity, turn: 0, fromMs, toMs: null }).events;
}

const LEVELS = PAGING.policies.p?.levels;

const override: fc.Arbitrary<Override> = fc.record({
  severity: fc.option(fc.subarray([...SEVERITIES], { minLength: 1 }), { nil: undefined }),
  hours: fc.constantFrom('inside', 'outside', undefined),
  waitFor: fc.constantFrom('business_hours', undefined),
  levels: fc.constantFrom(LEVELS, undefined),
  repeat: fc.constant(undefined),
});
const open = (fromHour: number, toHour: number): TimeOfDay => ({
  fromMinuteOfDay: fromHour * 60,
  toMinuteOfDay: toHour * 60,
  timezone: 'Europe/Berlin',
  days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
});
const businessHours = fc.constantFrom<TimeOfDay[]>(
  [],
  [open(9, 17)],
  [open(22, 6), { ...open(8, 24), days: ['mon'] }],
  [open(0, 24)],
  [open(20, 4), open(4, 20)],
);

test('levels that lint finds unreachable are those that no simulation reaches', () => {
  fc.assert(
    fc.property(fc.array(override, { maxLength: 4 }), businessHours, (overrides, hours) => {
      const paging = withPolicy({ overrides, businessHours: hours });
      const reached = new Set<number | null>();
      for (const severity of SEVERITIES) {
        // Five and 24 have no common part: every hour of a day comes up.
        for (let hour = 0; hour < 7 * 24; hour += 5) {
          for (const event of simulated(paging, severity, NOW_MS + hour * HOUR)) {
            if (event.kind !== 'level') continue;
            const { override: index } = event;
            reached.add(index !== null && overrides[index]?.levels !== undefined ? index : null);
          }
        }
      }
      const found = unreachableLevels(paging, NOW_MS).map(({ path }) => path.join('.'));
      const told = (path: string): boolean => found.includes(`policies.p.${path}`);
      expect(told('levels')).toBe(!reached.has(null));
      for (const [index, { levels }] of overrides.entries()) {
        if (levels === undefined) continue;
        const isFound = told(`overrides.${index}`) || told(`overrides.${index}.levels`);
        expect(isFound).toBe(!reached.has(index));
      }
    }),
    { numRuns: 50 },
  );
});

test('rules that lint finds too late are those that no simulation sends', () => {
  const level = fc.record({
    waitMs: fc.integer({ min: 1, max: 15 }).map((minutes) => minutes * MINUTE),
    targets: fc.constantFrom<PolicySpec['levels'][number]['targets']>(
      [{ kind: 'person', name: 'ada' }],
      [{ kind: 'channel', name: 'mail' }],
    ),
    channels: fc.constantFrom<string[]>([], ['phone']),
  });
  const levels = fc.array(level, { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(levels, fc.integer({ min: 0, max: 2 }), (written, repeat) => {
      const paging = withPolicy({ levels: written, repeat });
      const events = simulated(paging, 'critical', NOW_MS);
      const isSent = events.some(({ kind }) => kind === 'later');
      const isUnsent = events.some(
        (event) => event.kind === 'exhausted' && event.unsent.length > 0,
      );
      const found = lateRules(paging, personsBehind(paging, NOW_MS));
      expect(found.length > 0).toBe(isUnsent && !isSent);
    }),
    { numRuns: 500 },
  );
});
