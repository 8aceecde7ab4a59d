import type { Random } from '../../bench/judge/random.ts';
import type { UrgentVerb } from '../../src/client/client.ts';
import type { PagingDocument } from '../../src/domain/paging/paging.schema.ts';

/** What somebody says to an incident. */
export interface Say {
  readonly who: string;
  readonly verb: UrgentVerb;
  /** `signal`: a caller that can do nothing else. */
  readonly by: 'client' | 'signal';
  /** After it has been opened. */
  readonly afterMs: number;
  /** `applied`: says the same again until it is answered what may still arrive. */
  readonly until: 'applied' | 'durable';
}

/** One incident of a run: when it opens, and who says what to it. */
export interface IncidentPlan {
  readonly key: string;
  readonly policy: 'hook' | 'both';
  readonly openAfterMs: number;
  /** Nobody: it must end as never acknowledged. */
  readonly people: readonly Say[];
  /** After the last of them has been answered; what has been resolved already is only refused. */
  readonly resolveAfterMs: number;
}

const LEVEL_MS = 45_000;
const LEVELS = 2;
/** The last person speaks while there is time to be heard although everything is away for a while. */
const LAST_WORD_MS = 60_000;
const RACE_MS = 200;
const RESOLVE_WITHIN_MS = 20_000;
/** So many incidents a second open at most; on a slow machine fewer do. */
const OPENED_A_SECOND = 8;
/** Most page the webhook alone, so that the server has the strength for many. */
const PAGER_SHARE = 0.25;

/** The one page that goes to PagerDuty. */
export const PAGER_PAGE = 'c1-r1-l1/pager';

const PAGES_OF_NEVER = [
  'c1-r1-l1/hook',
  'c1-r1-l2/hook',
  `c1-r1-l${LEVELS}/last_resort/hook`,
] as const;

/** The pages of an incident that nobody answers, each after the stem of its key. */
export function pagesOfNever({ policy }: IncidentPlan): readonly string[] {
  return policy === 'both' ? [...PAGES_OF_NEVER, PAGER_PAGE] : PAGES_OF_NEVER;
}

export function policies(): Pick<PagingDocument, 'policies' | 'last_resort'> {
  const wait = `${LEVEL_MS / 1000}s`;
  const hook = { wait, targets: [{ channel: 'hook' }] };
  const both = { wait, targets: [{ channel: 'hook' }, { channel: 'pager' }] };
  return {
    policies: { hook: { levels: [hook, hook] }, both: { levels: [both, hook] } },
    last_resort: ['hook'],
  };
}

/** The same seed gives the same plans. */
export function planIncidents(incidents: number, { uniform }: Random): readonly IncidentPlan[] {
  return Array.from({ length: incidents }, (_, at) => ({
    key: `incident ${at + 1}`,
    policy: uniform() < PAGER_SHARE ? 'both' : 'hook',
    openAfterMs: (uniform() * incidents * 1000) / OPENED_A_SECOND,
    people: peopleOf(uniform),
    resolveAfterMs: uniform() * RESOLVE_WITHIN_MS,
  }));
}

function peopleOf(uniform: () => number): readonly Say[] {
  const afterMs = uniform() * LAST_WORD_MS;
  const ada = { who: 'ada', verb: 'acknowledge', by: 'client', afterMs, until: 'applied' } as const;
  const drawn = uniform();
  if (drawn < 0.1) return [];
  if (drawn < 0.2) return [{ ...ada, by: 'signal', until: 'durable' }];
  if (drawn < 0.3) return [{ ...ada, until: 'durable' }];
  if (drawn < 0.35) return [{ ...ada, verb: 'resolve' }];
  if (drawn < 0.5) return [ada, { ...ada, who: 'bob', afterMs: afterMs + uniform() * RACE_MS }];
  return [ada];
}
