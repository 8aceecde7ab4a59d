import type { Page } from '../paging/page.ts';
import { type Watching, alarmPage } from './alarm-page.ts';
import type { OpenAlarm } from './alarms.ts';

/** What one channel is to be told of one alarm. */
export interface Wanted {
  readonly kind: 'alarm' | 'end';
  readonly alarm: OpenAlarm;
  /** Since when it is wanted. */
  readonly fromMs: number;
}

/** What one channel has been told of one alarm; the last pages of it. */
export interface Told {
  /** Keys of the pages that it has taken. */
  readonly taken: readonly string[];
  /** Keys of those that it has or may have taken: it must hear of the end. */
  readonly perhaps: readonly string[];
  /** Of its messages, where they can be changed. */
  readonly handles: readonly string[];
}

export const TOLD_NOTHING: Told = { taken: [], perhaps: [], handles: [] };

/** Later than this the end of an alarm is no news. */
const END_IS_NEWS_FOR_MS = 3_600_000;
const KEPT_MAX = 20;

/**
 * The page that is to be sent now, if there is one: a round that was not taken yet, and the end to
 * whom may know of the alarm.
 */
export function pageToSend(
  watching: Watching,
  { kind, alarm, fromMs }: Wanted,
  { taken, perhaps }: Told,
  nowMs: number,
): Page | undefined {
  const action = kind === 'alarm' ? 'trigger' : 'resolve';
  const page = alarmPage(watching, alarm, { action, maybeRepeated: false });
  if (kind === 'alarm') {
    if (taken.includes(page.dedupKey)) return undefined;
    return { ...page, maybeRepeated: perhaps.includes(page.dedupKey) };
  }
  return perhaps.length > 0 && nowMs - fromMs < END_IS_NEWS_FOR_MS ? page : undefined;
}

/** Who has heard of the end knows nothing any more. */
export function afterTaken(told: Told, page: Page, handle: string | undefined): Told {
  if (page.action === 'resolve') return TOLD_NOTHING;
  return {
    ...afterPerhaps(told, page),
    taken: kept(told.taken, page.dedupKey),
    handles: handle === undefined ? told.handles : kept(told.handles, handle),
  };
}

/** The page may have arrived. */
export function afterPerhaps(told: Told, page: Page): Told {
  return page.action === 'resolve' ? told : { ...told, perhaps: kept(told.perhaps, page.dedupKey) };
}

/** Whether a page of this alarm was taken, in whatever round. */
export function hasTaken(watching: Watching, { taken }: Told, alarm: OpenAlarm): boolean {
  const { dedupKey } = alarmPage(watching, alarm, { action: 'trigger', maybeRepeated: false });
  const withoutRound = dedupKey.slice(0, dedupKey.lastIndexOf('/') + 1);
  return taken.some((key) => key.startsWith(withoutRound));
}

function kept(all: readonly string[], one: string): readonly string[] {
  return [...all.filter((other) => other !== one), one].slice(-KEPT_MAX);
}
