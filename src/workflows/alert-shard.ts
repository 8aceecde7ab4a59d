import {
  CancellationScope,
  condition,
  continueAsNew,
  log,
  patched,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Alert } from '../domain/alerting/alert.ts';
import { formatLabels } from '../domain/alerting/labels.ts';
import { reportOf } from '../domain/alerting/page-report.ts';
import { SHARD_BYTES_MAX } from '../domain/alerting/limits.ts';
import { pagedAlerts } from '../domain/alerting/paged-alerts.ts';
import { renderShard } from '../domain/alerting/render-shard.ts';
import { newShard, step } from '../domain/alerting/shard.ts';
import { carried, restored } from '../domain/alerting/shard-codec.ts';
import type {
  Ask,
  Clocks,
  Handed,
  Outcome,
  PageEnd,
  Seen,
  ShardEvent,
  ShardState,
  Steer,
} from '../domain/alerting/shard-state.ts';
import { roomOf } from '../domain/alerting/room.ts';
import { shardView } from '../domain/alerting/shard-view.ts';
import { type Silence, silences } from '../domain/alerting/silence.ts';
import {
  type SteeredRelease,
  whySteered,
  withReleases,
} from '../domain/alerting/steered-release.ts';
import { usableBatch } from '../domain/alerting/usable-batch.ts';
import type { ShardView } from '../domain/alerting/views.ts';
import { cut } from '../domain/paging/page-words.ts';
import { alertActivitiesFor } from './alert-activities.ts';
import { type KnownTimes, clocksOf, isNearlyUsedUp, lookUpTimes } from './alert-clocks.ts';
import { createFlusher } from './alert-flusher.ts';
import {
  type AlertBatch,
  type AlertsInput,
  type GroupsAsked,
  type Told,
  alertsSignal,
  beatSignal,
  groupsQuery,
  roomQuery,
  toldSignal,
} from './alert-messages.ts';
import { createAlertMemo } from './alert-memo.ts';
import { createAlertPost } from './alert-post.ts';
import { createAlarm } from './alarm.ts';
import { failureOf } from './failure.ts';

/** Temporal's own limits are 51,200 events and 50 MiB. */
const EVENTS_MAX = 8000;
const BYTES_MAX = 16 * 1024 * 1024;
/** What is under way may take so long to end by itself; then it is called off, and begun anew. */
const WINDS_UP_MS = 5000;
const WARNINGS_MAX = 50;
const WARNING_MAX = 300;
/** Of one batch, so many are named. */
const FAULTS_MAX = 5;
/** What the answer to a query may list. */
const VIEW = { limit: 1000, bytesMax: 500_000 };

/** Runs one shard until its history has grown long; then it goes on in a fresh one. */
export async function runShard(input: AlertsInput): Promise<never> {
  return CancellationScope.nonCancellable(() => serve(input));
}

async function serve(input: AlertsInput): Promise<never> {
  const { taskQueue } = workflowInfo();
  const { eventsMax = EVENTS_MAX } = input;
  const act = alertActivitiesFor(taskQueue);
  const first = await lookUpTimes(act, input.configuration);
  const shard = openShard(input, act, first);
  shard.listen();
  for (;;) {
    const { rung } = shard.alarm;
    await condition(() => shard.alarm.rung !== rung || isLong(eventsMax));
    if (isLong(eventsMax)) return goOnAnew(shard);
    shard.keepTables();
    shard.take({ kind: 'time' });
  }
}

/** Before 10,000 events, whatever the server suggests. */
function isLong(eventsMax: number): boolean {
  const { continueAsNewSuggested, historyLength, historySize } = workflowInfo();
  return continueAsNewSuggested || historyLength > eventsMax || historySize > BYTES_MAX;
}

type Shard = ReturnType<typeof openShard>;

/** The state of one shard and everything that can be said to it. */
function openShard(
  input: AlertsInput,
  act: ReturnType<typeof alertActivitiesFor>,
  firstTimes: KnownTimes,
) {
  const { workflowId } = workflowInfo();
  let times = firstTimes;
  const clocks = clocksOf(() => times);
  let state: ShardState = firstState(input, clocks);
  let isWindingUp = false;
  let isLookingUp = false;
  let refused = input.carried?.refused ?? 0;
  const warnings: string[] = [...(input.carried?.warnings ?? [])];
  // Runs that began without it go by the server's timers alone.
  const alarm = createAlarm(patched('naps') ? act.nap : undefined);
  const memo = createAlertMemo();
  const doings = new Set<Promise<void>>();
  /** Alerts that have come in the same task, by version, are one event: each takes as long. */
  const come: { readonly version: number; readonly alerts: Handed[] }[] = [];
  const post = createAlertPost(input.shard, () => state.version, warn, showSoon);
  const flusher = createFlusher({
    id: workflowId,
    act,
    ledger: { entries: input.carried?.ledger ?? [], dropped: input.carried?.ledgerDropped ?? 0 },
    paged: (pages) => take({ kind: 'paged', pages }),
    warn,
  });
  /** What has been begun and is not known to be done: the next run does it again. */
  const steering = new Set<Steer>();
  const forgetting = new Set<string>();
  /** What was done to a release because of an alert, by its fingerprint. */
  const steered = new Map<string, SteeredRelease>(input.carried?.steered ?? []);

  function warn(why: string): void {
    const text = cut(why, WARNING_MAX);
    log.warn(text);
    if (warnings.includes(text)) return;
    warnings.push(text);
    if (warnings.length > WARNINGS_MAX) warnings.shift();
  }

  function doing(work: () => Promise<void>): void {
    const done = work()
      .catch((error: unknown) => warn(failureOf(error).message))
      .finally(() => doings.delete(done));
    doings.add(done);
  }

  function take(event: ShardEvent): void {
    takeCome();
    workIn(event);
  }

  function workIn(event: ShardEvent): void {
    const stepped = step(state, event, Date.now(), clocks);
    state = stepped.state;
    carryOut(stepped.outcome);
    showSoon();
  }

  let isShowing = false;
  /** Once, after all that a task brings. */
  function showSoon(): void {
    if (isShowing) return;
    isShowing = true;
    void Promise.resolve().then(() => {
      isShowing = false;
      memo.show({ alerts: state.alerts.size, groups: state.groups.size });
      setCurrentDetails(renderShard(state, { ledger: flusher.ledger.entries, warnings, refused }));
    });
  }

  function takeBatch(sent: AlertBatch): void {
    const { version, alerts, faults } = usableBatch(sent);
    for (const fault of faults.slice(0, FAULTS_MAX)) warn(`of a batch by signal ${fault}`);
    if (alerts.length === 0) return;
    if (come.length === 0) void Promise.resolve().then(takeCome);
    const last = come.at(-1);
    if (last?.version === version) last.alerts.push(...alerts);
    else come.push({ version, alerts: [...alerts] });
  }

  /** Before anything else happens, so that all stays in its order. */
  function takeCome(): void {
    for (const batch of come.splice(0)) workIn({ kind: 'alerts', ...batch });
  }

  function carryOut(outcome: Outcome): void {
    // Those that are withheld now are handed out by the next run.
    if (!isWindingUp && outcome.pages.length > 0) handOut(outcome.pages);
    post.passOn(outcome.passOn);
    post.opened(outcome.opened);
    if (outcome.ask.length > 0 && !isWindingUp) doing(() => ask(outcome.ask));
    for (const steer of outcome.steer) steerSoon(steer);
    if (outcome.refused.length > 0) refuse(outcome.refused);
    if (outcome.wakeAtMs === null) return;
    if (alarm.ringBy(outcome.wakeAtMs, 'until a group is due')) memo.commanded();
  }

  function handOut(pages: Outcome['pages']): void {
    memo.commanded();
    flusher.take(
      pages.map((page) => ({
        page,
        report: withReleases(
          reportOf(state, page),
          page.firing.flatMap((one) => steered.get(one) ?? []),
        ),
        alerts: pagedAlerts(state, page),
        openedAtMs: state.groups.get(page.group)?.openedAtMs ?? Date.now(),
      })),
    );
  }

  async function ask(asks: Outcome['ask']): Promise<void> {
    const seen = await act.askLastMessages(asks).catch((error: unknown) => {
      warn(`the store of last messages was not asked: ${failureOf(error).message}`);
      return asks.map(unknownOf);
    });
    take({ kind: 'seen', seen });
  }

  function steerSoon(steer: Steer): void {
    steering.add(steer);
    doing(async () => {
      await steerNow(steer);
      steering.delete(steer);
    });
  }

  async function steerNow({ fingerprint, verb, service }: Steer): Promise<void> {
    const alert = state.alerts.get(fingerprint)?.alert;
    const why = whySteered(alert === undefined ? fingerprint : cut(nameOf(alert), WARNING_MAX));
    const requestId = `alert/${fingerprint}/${alert?.startsAtMs ?? 0}`;
    const done = await act.steerRelease({ verb, service, who: 'alerts', why, requestId });
    if (done.kind === 'none') return log.info(`no release was steered: ${done.why}`);
    const { workflowId: release, version, strategy } = done;
    steered.set(fingerprint, { workflowId: release, version, strategy, verb });
  }

  function refuse(all: Outcome['refused']): void {
    refused += all.length;
    warn(`${all.length} alert(s) refused: ${all[0]?.why ?? ''}`);
    forgetSoon(all.map(({ fingerprint }) => fingerprint));
  }

  function forgetSoon(fingerprints: readonly string[]): void {
    for (const one of fingerprints) forgetting.add(one);
    doing(async () => {
      await act.forgetAlerts(fingerprints);
      for (const one of fingerprints) forgetting.delete(one);
    });
  }

  /** What the coordinator says: it hears back when nothing that it rules out can happen any more. */
  async function told({ number, event, asksSilences }: Told): Promise<void> {
    if (event.kind === 'configuration') {
      const next = await lookUpTimes(act, event.configuration);
      if (event.version > state.version) times = next;
    }
    take(event);
    if (event.kind === 'silences') {
      memo.uncommanded();
      await flusher.callOff(({ firing }) => firing.some((one) => isSilenced(one, event.silences)));
    }
    await post.settled();
    const known = asksSilences === true ? [...state.silences.values()] : undefined;
    if (event.kind !== 'storm') await post.heard(number, known);
  }

  function isSilenced(fingerprint: string, by: readonly Silence[]): boolean {
    const labels = state.alerts.get(fingerprint)?.alert.labels;
    return labels !== undefined && by.some((one) => silences(one, labels, Date.now()));
  }

  function view({ limit = VIEW.limit }: GroupsAsked = {}): ShardView {
    return {
      ...shardView(state, { ...VIEW, limit, nowMs: Date.now(), clocks }),
      ledger: flusher.ledger.entries,
      ledgerDropped: flusher.ledger.dropped,
      refused,
      warnings,
    };
  }

  return {
    alarm,
    take,
    listen(): void {
      begin();
      setHandler(alertsSignal, takeBatch);
      setHandler(beatSignal, (name) => {
        // One that is not watched here changes nothing.
        if (typeof name !== 'string') return warn('a beat by signal has no name');
        take({ kind: 'seen', seen: [{ kind: 'heartbeat', name, atMs: Date.now() }] });
      });
      setHandler(toldSignal, (one) => {
        if (isTold(one)) doing(() => told(one));
        else warn('something that was told by signal means nothing');
      });
      setHandler(groupsQuery, view);
      setHandler(roomQuery, () => ({ version: state.version, bytesLeft: roomOf(state) }));
    },
    /** What is due does not wait for them: they last for longer. */
    keepTables(): void {
      if (isLookingUp || !isNearlyUsedUp(times)) return;
      isLookingUp = true;
      const { configuration } = state;
      doing(async () => {
        try {
          const next = await lookUpTimes(act, configuration);
          if (state.configuration === configuration) times = next;
        } finally {
          isLookingUp = false;
        }
      });
    },
    /**
     * Begins no more pages, and returns when each has its end. For all else is not waited for long:
     * whatever it is, the next run begins it again.
     */
    async windUp(): Promise<void> {
      isWindingUp = true;
      alarm.napNoMore();
      const isQuiet = (): boolean =>
        flusher.isIdle && post.isIdle && doings.size === 0 && !alarm.isNapping;
      await condition(isQuiet, WINDS_UP_MS, { summary: 'for what is under way' });
      await flusher.callOff(() => true);
    },
    carry(): AlertsInput {
      const { shard, shards, schemaVersion, eventsMax } = input;
      return {
        ...(eventsMax === undefined ? {} : { eventsMax }),
        ...{ schemaVersion, shard, shards, version: state.version, silences: [] },
        configuration: state.configuration,
        carried: {
          state: carried(state),
          ledger: flusher.ledger.entries,
          ledgerDropped: flusher.ledger.dropped,
          refused,
          warnings,
          steering: [...steering],
          forgetting: [...forgetting],
          steered: [...steered].filter(([fingerprint]) => state.alerts.has(fingerprint)),
          unsaid: post.unsaid(),
        },
      };
    },
  };

  function begin(): void {
    if (input.carried === undefined) {
      take({ kind: 'silences', silences: input.silences });
      return;
    }
    const { steering: steers, forgetting: forgotten, unsaid } = input.carried;
    for (const steer of steers) steerSoon(steer);
    if (forgotten.length > 0) forgetSoon(forgotten);
    post.sayAgain(unsaid);
    // Whatever the run before has withheld, or called off, is due.
    const withheld = [...state.groups.values()].flatMap(({ inFlight }) => inFlight ?? []);
    take({ kind: 'paged', pages: withheld.map(withheldEnd) });
  }
}

function firstState(input: AlertsInput, clocks: Clocks): ShardState {
  const { shard, shards, version, configuration, carried: before } = input;
  if (before !== undefined) return restored(before.state, configuration);
  const from = { shard, shards, version, configuration, bytesLimit: SHARD_BYTES_MAX };
  return newShard(from, Date.now(), clocks);
}

/** Everything that is known goes on in a fresh history. */
async function goOnAnew(shard: Shard): Promise<never> {
  await shard.windUp();
  return continueAsNew<(input: AlertsInput) => Promise<never>>(shard.carry());
}

const withheldEnd = ({ key }: { readonly key: string }): PageEnd => ({
  ...{ key, hasArrived: false, isCalledOff: true },
});

/** Of what the coordinator says only the kind is checked: it alone has a reason to say it. */
function isTold(one: Partial<Told> | null): boolean {
  return Number.isSafeInteger(one?.number) && TOLD_KINDS.includes(one?.event?.kind ?? '');
}

const TOLD_KINDS: readonly string[] = ['silences', 'configuration', 'storm'];

function unknownOf(ask: Ask): Seen {
  return ask.kind === 'alert' ? { ...ask, endsAtMs: 'unknown' } : { ...ask, atMs: 'unknown' };
}

const nameOf = ({ labels }: Alert): string => formatLabels(labels);
