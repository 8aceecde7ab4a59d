import { z } from 'zod';
import { formatDuration } from '../quantity.ts';
import { instantOf } from '../wall-clock.ts';
import { firstWindow, freezeAt, wallClockRule } from './freeze.ts';
import {
  type FreezeRule,
  type FreezeWindow,
  ON_BEGIN,
  type RecurringFreeze,
} from './freeze-window.ts';
import { positiveDuration } from './quantities.schema.ts';
import { rruleText } from './rrule.schema.ts';
import { WINDOWS_A_DAY_MAX, rruleFlaw, untilMs, windowsADay } from './rrule-text.ts';
import { localTime, localTimeOrDate, moment, timeZone } from './time-zone.schema.ts';

const WINDOWS_MAX = 20;
const EXCEPTIONS_MAX = 100;
const DAY_MS = 86_400_000;

/** A freeze that lasts longer has no end as far as anybody who waits can tell. */
const FREEZE_MAX_MS = 366 * DAY_MS;

/**
 * One list of keys for both kinds, so that whoever mixes them up is told which belong together;
 * editors are told by `oneOf`.
 */
const freezeWindowDocument = z
  .strictObject({
    name: z.string().min(1).max(64).describe('Said whenever the window holds somebody up.'),
    rrule: rruleText,
    starts: localTime.optional().describe('Local time: the first, and the time of day of all.'),
    for: positiveDuration.optional().describe('How long each one lasts; elapsed time.'),
    except: z
      .array(localTimeOrDate)
      .max(EXCEPTIONS_MAX)
      .optional()
      .describe('Beginnings that are left out: days or local times.'),
    from: moment.optional().describe('Of a window that is there once. Local, or with its offset.'),
    to: moment.optional().describe('When it is over.'),
    timezone: timeZone.optional().describe('Whose clocks are meant, like Europe/Berlin.'),
    on_begin: z
      .enum(ON_BEGIN)
      .default('hold')
      .describe('What a running release does: finish, hold until it is over, or return to stable.'),
  })
  .meta({
    oneOf: [{ required: ['rrule', 'starts', 'for', 'timezone'] }, { required: ['from', 'to'] }],
  });

type Written = z.output<typeof freezeWindowDocument>;
type Keys = readonly (keyof Written)[];

const RECURRING: Keys = ['rrule', 'starts', 'for', 'except'];
const DATED: Keys = ['from', 'to'];

const freezeWindow = freezeWindowDocument.transform((window, context): FreezeRule => {
  const tell = (path: readonly (string | number)[], message: string): typeof z.NEVER => {
    context.addIssue({ code: 'custom', path: [...path], message });
    return z.NEVER;
  };
  const has = (key: keyof Written): boolean => window[key] !== undefined;
  if (RECURRING.some(has)) {
    const foreign = DATED.find(has);
    return foreign === undefined
      ? recurring(window, tell)
      : tell(
          [foreign],
          'does not go with a rule: write either rrule, starts and for, or from and to',
        );
  }
  return dated(window, tell);
});

type Tell = (path: readonly (string | number)[], message: string) => typeof z.NEVER;

function recurring(window: Written, tell: Tell): FreezeRule {
  const { name, rrule, starts, timezone, on_begin: onBegin } = window;
  const { for: forMs, except: exceptLocal = [] } = window;
  if (
    rrule === undefined ||
    starts === undefined ||
    forMs === undefined ||
    timezone === undefined
  ) {
    const missing = (['rrule', 'starts', 'for', 'timezone'] as const).filter(
      (key) => window[key] === undefined,
    );
    for (const key of missing) {
      tell([key], 'is missing: a window that recurs has rrule, starts, for and timezone');
    }
    return z.NEVER;
  }
  const rule: RecurringFreeze = {
    kind: 'recurring',
    name,
    rrule: rrule.toUpperCase(),
    startsLocal: starts,
    timezone,
    forMs,
    exceptLocal,
    onBegin,
  };
  const flaw = rruleFlaw(rule.rrule) ?? contradictionOf(rule);
  if (flaw !== undefined) return tell(['rrule'], flaw);
  if (untilMs(rule.rrule, timezone) < instantOf(starts, timezone)) {
    return tell(['rrule'], `its UNTIL is before starts (${starts}): no window would ever begin`);
  }
  if (firstWindow(rule) === null) {
    return tell(['rrule'], `begins no window within 10 years from ${starts}: check its BY parts`);
  }
  if (firstEndless([rule]) !== undefined) {
    return tell(
      ['for'],
      `${formatDuration(forMs)} reaches the next window each time, so that the freeze would last ` +
        `more than ${formatDuration(FREEZE_MAX_MS)}: write a shorter time, or a rarer rrule`,
    );
  }
  for (const [index, exception] of exceptLocal.entries()) {
    if (!beginsAt({ ...rule, exceptLocal: [] }, exception)) {
      tell(['except', index], `${exception} leaves nothing out: no window begins then`);
    }
  }
  return rule;
}

/** Parts that do not go together, in the words of the library. */
function contradictionOf(rule: RecurringFreeze): string | undefined {
  try {
    wallClockRule(rule);
    return undefined;
  } catch (error) {
    return `is no rule of RFC 5545: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function beginsAt(rule: RecurringFreeze, time: string): boolean {
  const day = time.slice(0, 10);
  const noonMs = instantOf(`${day}T12:00`, rule.timezone);
  return wallClockRule(rule)
    .between(new Date(noonMs - 2 * DAY_MS), new Date(noonMs + 2 * DAY_MS), true)
    .some(({ epochMilliseconds }) => new Date(epochMilliseconds).toISOString().startsWith(time));
}

function dated(window: Written, tell: Tell): FreezeRule {
  const { name, from, to, timezone, on_begin: onBegin } = window;
  if (from === undefined || to === undefined) {
    const why = 'is missing: a window has either from and to, or rrule, starts, for and timezone';
    if (from === undefined) tell(['from'], why);
    return to === undefined ? tell(['to'], why) : z.NEVER;
  }
  const fromMs = momentMs(from, timezone);
  const toMs = momentMs(to, timezone);
  if (fromMs === undefined || toMs === undefined) {
    return tell(['timezone'], 'is missing: whose clocks show from and to?');
  }
  if (toMs <= fromMs) {
    return tell(['to'], `${to} is not after from (${from}): write the later time here`);
  }
  if (isTooLong({ fromMs, toMs })) {
    const most = formatDuration(FREEZE_MAX_MS);
    return tell(['to'], `is more than ${most} after from (${from}): write a shorter window`);
  }
  return { kind: 'dated', name, fromMs, toMs, onBegin };
}

function momentMs(text: string, timezone: string | undefined): number | undefined {
  if (/(?:Z|[+-]\d\d:\d\d)$/.test(text)) return Date.parse(text);
  return timezone === undefined ? undefined : instantOf(text, timezone);
}

/** `freeze_windows` of a release file: when no release begins. */
export const freezeWindows = z
  .array(freezeWindow)
  .max(WINDOWS_MAX, `at most ${WINDOWS_MAX} windows`)
  .superRefine((rules, context) => {
    // What is wrong by itself is still as it was written.
    if (context.issues.length > 0) return;
    for (const { path, message } of listFlaws(rules)) {
      context.addIssue({ code: 'custom', path: [...path], message });
    }
  });

interface Flaw {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What is wrong with windows that are each right. */
function listFlaws(rules: readonly FreezeRule[]): readonly Flaw[] {
  const twice = rules.flatMap(({ name }, index) =>
    rules.findIndex((rule) => rule.name === name) < index
      ? [
          {
            path: [index, 'name'],
            message: `"${name}" is the name of two windows: give each its own`,
          },
        ]
      : [],
  );
  const beginnings = rules.map((rule) => (rule.kind === 'dated' ? 0 : windowsADay(rule.rrule)));
  const aDay = beginnings.reduce((sum, number) => sum + number, 0);
  if (aDay > WINDOWS_A_DAY_MAX) {
    const most = WINDOWS_A_DAY_MAX;
    const message = `begin ${aDay} times a day together; ${most} is the most: write fewer`;
    return [...twice, { path: [], message }];
  }
  const endless = firstEndless(rules);
  if (endless === undefined) return twice;
  const message =
    `from the first "${endless.name}" on, the windows together leave no gap for ` +
    `${formatDuration(FREEZE_MAX_MS)}: shorten one of them`;
  return [...twice, { path: [rules.indexOf(endless)], message }];
}

/** The rule whose first window is in a freeze that lasts too long. */
function firstEndless(written: readonly FreezeRule[]): FreezeRule | undefined {
  const rules = onOneClock(written);
  const seen: FreezeWindow[] = [];
  return written.find((_, index) => {
    const rule = rules[index];
    const first = rule === undefined ? null : firstWindow(rule);
    if (first === null) return false;
    // A freeze is followed once, however many windows it has.
    const { fromMs } = first;
    if (seen.some((freeze) => freeze.fromMs <= fromMs && fromMs < freeze.toMs)) return false;
    const { current } = freezeAt(rules, fromMs);
    if (current === null) return false;
    seen.push(current);
    return isTooLong(current);
  });
}

/**
 * Windows of one zone are compared as its clocks show them: 24h from every midnight on leave an
 * hour once a year, on the day that has 25, and nobody would call that a gap.
 */
function onOneClock(rules: readonly FreezeRule[]): readonly FreezeRule[] {
  const zones = new Set(rules.flatMap((rule) => (rule.kind === 'dated' ? [] : [rule.timezone])));
  if (zones.size > 1) return rules;
  return rules.map((rule) => (rule.kind === 'dated' ? rule : { ...rule, timezone: 'UTC' }));
}

function isTooLong({ fromMs, toMs }: Pick<FreezeWindow, 'fromMs' | 'toMs'>): boolean {
  return toMs - fromMs > FREEZE_MAX_MS;
}

/** As people write them. */
export type FreezeWindowsDocument = z.input<typeof freezeWindows>;
