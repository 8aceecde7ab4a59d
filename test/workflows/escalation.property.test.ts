import * as fc from 'fast-check';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Failure } from '../../src/domain/failure.ts';
import type { IncidentVerb, IncidentView } from '../../src/domain/escalation/incident.ts';
import { type IncidentRig, startIncidentRig } from '../support/incident-rig.ts';
import { ADA, NIGHT } from '../support/night.ts';

const MINUTE = 60_000;
const RUNS = 25;
/** All rounds of the night, a snooze before it and the tries of a page. */
const OVER_MS = 50 * MINUTE;

let rig: IncidentRig;
beforeAll(async () => {
  // Each task replays all of its history; workers come and go in between.
  rig = await startIncidentRig({ maxCachedWorkflows: 0 });
  rig.use(NIGHT);
});
afterEach(() => rig.clear());
afterAll(() => rig?.close());

const BOB = { targets: [{ kind: 'person', name: 'bob' }] };

type Act =
  | { readonly kind: 'verb'; readonly verb: IncidentVerb; readonly more: object }
  | { readonly kind: 'ack' | 'ack-signal' | 'ack-twice' | 'restart' | 'reported' }
  | { readonly kind: 'fail'; readonly channel: string; readonly fault: keyof typeof FAULTS };

const FAULTS = {
  before: { when: 'before', failure: new Failure('PageUndelivered', 'refused') },
  after: { when: 'after', failure: new Failure('PageUndelivered', 'cut', { isUnknown: true }) },
  busy: {
    when: 'before',
    failure: new Failure('PageUndelivered', '429', { retryAfterMs: 40_000 }),
  },
  rejected: { when: 'before', failure: new Failure('PageRejected', 'no such address') },
} as const;

const verb = (name: IncidentVerb, more: object = {}): fc.Arbitrary<Act> =>
  fc.constant({ kind: 'verb', verb: name, more });

const acts: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom<Act>({ kind: 'ack' }, { kind: 'ack-signal' }, { kind: 'ack-twice' }),
  },
  { weight: 2, arbitrary: fc.constantFrom<Act>({ kind: 'restart' }, { kind: 'reported' }) },
  { weight: 2, arbitrary: verb('unacknowledge') },
  { weight: 1, arbitrary: verb('snooze', { forMs: 8 * MINUTE }) },
  { weight: 1, arbitrary: verb('reassign', BOB) },
  { weight: 1, arbitrary: verb('escalate_now') },
  { weight: 1, arbitrary: verb('change_policy', { policy: 'night' }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('fail' as const),
      channel: fc.constantFrom('pager', 'chat'),
      fault: fc.constantFrom<(keyof typeof FAULTS)[]>('before', 'after', 'busy', 'rejected'),
    }),
  },
);

const schedules = fc.array(
  fc.record({ afterMs: fc.constantFrom(0, 0, 0, 4 * MINUTE, 11 * MINUTE), act: acts }),
  { minLength: 3, maxLength: 6, size: 'max' },
);

type Schedule = typeof schedules extends fc.Arbitrary<infer Each> ? Each : never;

/** What has been promised since an acknowledgement was answered: only these may still arrive. */
interface Promised {
  readonly received: number;
  readonly inFlight: readonly string[];
}

let opened = 0;

async function runOf(schedule: Schedule): Promise<void> {
  const key = `any ${(opened += 1)}`;
  const id = await rig.open({ key });
  let promised: Promised | undefined;

  /** Nothing has begun since the answer that it did not name. */
  function kept(): void {
    if (promised === undefined) return;
    const { received, inFlight } = promised;
    const begun = rig.pagesOf(id).slice(received);
    const places = begun.map(({ channel, page }) => `${channel} ${page.who ?? ''}`);
    const named = inFlight.map((place) => place.replace('/', ' ').replace(/\..*$/, ''));
    expect(places.filter((place) => !named.includes(place))).toEqual([]);
  }

  async function acknowledge(requestId: string): Promise<void> {
    const answer = await orRefused(rig.client.incidents.acknowledge(id, { ...ADA, requestId }));
    if (answer?.kind !== 'acknowledged' || answer.status !== 'acknowledged') return;
    promised ??= { received: rig.pagesOf(id).length, inFlight: answer.inFlight };
  }

  async function carryOut(act: Act, requestId: string): Promise<void> {
    switch (act.kind) {
      case 'ack':
        return acknowledge(requestId);
      case 'ack-twice':
        await acknowledge(requestId);
        return acknowledge(requestId);
      case 'ack-signal':
        await orRefused(rig.signal(id, 'ack', { ...ADA, requestId }));
        return acknowledge(requestId);
      case 'restart':
        await rig.stop();
        return rig.start();
      case 'reported':
        await rig.open({ key, requestId });
        return;
      case 'fail':
        return rig.fail(act.channel, FAULTS[act.fault], 2);
      case 'verb': {
        kept();
        const asked = { ...ADA, requestId, ...act.more };
        const isTaken =
          (await orRefused(rig.client.incidents.steer(id, act.verb, asked))) !== undefined;
        if (isTaken && act.verb !== 'add_note' && act.verb !== 'change_policy')
          promised = undefined;
        return;
      }
      default:
        return act satisfies never;
    }
  }

  for (const [at, { afterMs, act }] of schedule.entries()) {
    if (afterMs > 0) await rig.pass(afterMs);
    await carryOut(act, `${key} ${at}`);
  }
  await rig.pass(OVER_MS);
  kept();
  const view = await rig.client.incidents.show(id);
  expect(['acknowledged', 'resolved', 'never_acknowledged']).toContain(view.status);
  noneSkipped(view);
  noneTwice(id);
  expect(view.ledger.filter(({ state }) => state === 'sending')).toEqual([]);
}

test(
  'whatever is said, fails and restarts: nobody is left unpaged, nor paged after an answer',
  { timeout: 300_000 },
  async () => {
    await fc.assert(fc.asyncProperty(schedules, runOf), { numRuns: RUNS, endOnFailure: true });
  },
);

/** An incident takes what makes sense; what does not is refused, and that is an answer too. */
async function orRefused<T>(asking: Promise<T>): Promise<T | undefined> {
  try {
    return await asking;
  } catch (error) {
    const isRefusal =
      error instanceof Failure &&
      ['AlreadyAcknowledged', 'NotAllowedNow', 'NotFound'].includes(error.code);
    if (isRefusal || (error instanceof Error && error.name === 'WorkflowNotFoundError'))
      return undefined;
    throw error;
  }
}

/** Each level follows the one before, or is the first one after it has begun again. */
function noneSkipped({ timeline }: IncidentView): void {
  const begun = timeline.flatMap(({ text }) => {
    const [, level, levels, round] = /^level (\d+) of (\d+), round (\d+):/.exec(text) ?? [];
    return level === undefined
      ? []
      : [{ level: +level, levels: Number(levels), round: Number(round) }];
  });
  const skipped = begun.filter(({ level, round }, index) => {
    if (level === 1 && round === 1) return false;
    const before = begun[index - 1];
    if (before === undefined) return true;
    const isLast = before.level === before.levels;
    return isLast
      ? level !== 1 || round !== before.round + 1
      : level !== before.level + 1 || round !== before.round;
  });
  expect(skipped).toEqual([]);
}

/** The same key comes again only with the word that it may have come before. */
function noneTwice(id: string): void {
  const seen = new Set<string>();
  const silent = rig.pagesOf(id).filter(({ page }) => {
    const isAgain = seen.has(page.dedupKey);
    seen.add(page.dedupKey);
    return isAgain && !page.maybeRepeated;
  });
  expect(silent).toEqual([]);
}
