import { RRuleTemporal } from 'rrule-temporal';
import { instantOf } from '../wall-clock.ts';
import {
  type FreezeRule,
  type FreezeWindow,
  type Freezes,
  type RecurringFreeze,
  stricter,
} from './freeze-window.ts';
import { untilMs, withoutUntil } from './rrule-text.ts';

const DAY_MS = 86_400_000;

/** What begins later than this is not `next`. */
const NEXT_WITHIN_MS = 400 * DAY_MS;

/** How far to look, one after the other, until that shows both ends of what was asked for. */
const REACHES_MS = [40 * DAY_MS, 120 * DAY_MS];
const REACH_MAX_MS = NEXT_WITHIN_MS + 50 * DAY_MS;

/** 29 February is 8 years away where a century has none. */
const FIRST_REACHES_MS = [40 * DAY_MS, 400 * DAY_MS, 3660 * DAY_MS];

/**
 * The freeze that is open at a time, and the next one that begins after it. Windows that overlap
 * or touch are one freeze: it lasts from the first beginning to the last end, has the strictest
 * `onBegin` of all of them, and the name of the window that ends last. So the answer is the same at
 * every time within a freeze, and what was `next` is `current` once it has begun.
 *
 * A window holds from its beginning on and is over at its end. The work is bounded: a freeze is
 * followed for 450 days to either side, and what lies beyond is cut off.
 */
export function freezeAt(rules: readonly FreezeRule[], atMs: number): Freezes {
  let [back, ahead] = [0, 0];
  for (;;) {
    const fromMs = atMs - (REACHES_MS[back] ?? REACH_MAX_MS);
    const toMs = atMs + (REACHES_MS[ahead] ?? REACH_MAX_MS);
    const all = joined(rules.flatMap((rule) => windowsOf(rule, fromMs, toMs)));
    const current = all.find((freeze) => freeze.fromMs <= atMs && atMs < freeze.toMs) ?? null;
    const next =
      all.find((freeze) => freeze.fromMs > atMs && freeze.fromMs <= atMs + NEXT_WITHIN_MS) ?? null;
    const isBeginningSeen =
      current === null || current.fromMs > fromMs || fromMs === atMs - REACH_MAX_MS;
    const isRestSeen = (next !== null && next.toMs < toMs) || toMs === atMs + REACH_MAX_MS;
    if (isBeginningSeen && isRestSeen) return { current, next };
    if (!isBeginningSeen) back += 1;
    if (!isRestSeen) ahead += 1;
  }
}

/** The first window that a rule begins; `null` where there is none within 10 years. */
export function firstWindow(rule: FreezeRule): FreezeWindow | null {
  if (rule.kind === 'dated') return windowAt(rule, rule.fromMs, rule.toMs);
  const startMs = instantOf(rule.startsLocal, rule.timezone);
  for (const reachMs of FIRST_REACHES_MS) {
    const [first] = windowsOf(rule, startMs - DAY_MS, startMs + reachMs).toSorted(byBeginning);
    if (first !== undefined) return first;
  }
  return null;
}

/** The windows of one rule that are open, begin or end within a time. */
function windowsOf(rule: FreezeRule, fromMs: number, toMs: number): readonly FreezeWindow[] {
  switch (rule.kind) {
    case 'dated':
      return rule.toMs >= fromMs && rule.fromMs <= toMs
        ? [windowAt(rule, rule.fromMs, rule.toMs)]
        : [];
    case 'recurring':
      return beginnings(rule, fromMs - rule.forMs, toMs).map((ms) =>
        windowAt(rule, ms, ms + rule.forMs),
      );
    default:
      return rule satisfies never;
  }
}

function windowAt({ name, onBegin }: FreezeRule, fromMs: number, toMs: number): FreezeWindow {
  return { name, onBegin, fromMs, toMs };
}

/**
 * The rule is followed on the clock on the wall, as if that were UTC, and each time is then looked
 * up in the zone. So a window whose time the clocks skip begins an hour later instead of not at
 * all, and none is begun twice. A day more on either side is more than any zone's offset.
 */
function beginnings(rule: RecurringFreeze, fromMs: number, toMs: number): readonly number[] {
  const lastMs = Math.min(toMs, untilMs(rule.rrule, rule.timezone));
  if (lastMs < fromMs) return [];
  return wallClockRule(rule)
    .between(new Date(fromMs - DAY_MS), new Date(lastMs + DAY_MS), true)
    .map(({ epochMilliseconds }) => new Date(epochMilliseconds).toISOString().slice(0, 19))
    .filter((local) => !rule.exceptLocal.some((exception) => local.startsWith(exception)))
    .map((local) => instantOf(local, rule.timezone))
    .filter((ms) => ms >= fromMs && ms <= lastMs);
}

/** Throws for a rule that contradicts RFC 5545; the schema of release files has tried it. */
export function wallClockRule(rule: Pick<RecurringFreeze, 'rrule' | 'startsLocal'>): RRuleTemporal {
  const start = rule.startsLocal.replaceAll(/[-:]/g, '').padEnd(15, '0');
  return new RRuleTemporal({
    rruleString: `DTSTART:${start}Z\nRRULE:${withoutUntil(rule.rrule)}`,
    strict: true,
    maxIterations: 100_000,
  });
}

function joined(windows: readonly FreezeWindow[]): readonly FreezeWindow[] {
  const freezes: FreezeWindow[] = [];
  for (const window of windows.toSorted(byBeginning)) {
    const last = freezes.at(-1);
    if (last === undefined || window.fromMs > last.toMs) {
      freezes.push(window);
      continue;
    }
    freezes[freezes.length - 1] = {
      name: window.toMs > last.toMs ? window.name : last.name,
      onBegin: stricter(last.onBegin, window.onBegin),
      fromMs: last.fromMs,
      toMs: Math.max(last.toMs, window.toMs),
    };
  }
  return freezes;
}

function byBeginning(one: FreezeWindow, other: FreezeWindow): number {
  return one.fromMs - other.fromMs;
}
