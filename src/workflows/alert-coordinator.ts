import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ApplicationFailure,
  CancellationScope,
  ParentClosePolicy,
  allHandlersFinished,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  log,
  setCurrentDetails,
  setHandler,
  startChild,
  upsertMemo,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import type { Configuration } from '../domain/alerting/alerting-file.ts';
import {
  type Silence,
  type SilenceRequest,
  expired,
  isEndedByHand,
  isForgotten,
  setSilence,
  stateOf,
} from '../domain/alerting/silence.ts';
import { fullBecause } from '../domain/alerting/silences-full.ts';
import { configurationFault, silenceFault } from '../domain/alerting/usable-command.ts';
import { haveSignalsChanged } from '../domain/alerting/heartbeat.ts';
import type { AlertingView } from '../domain/alerting/views.ts';
import {
  type AlertingInput,
  type Configured,
  type ConfigureCommand,
  type ExpireCommand,
  type OpenedGroups,
  type SilenceCommand,
  type Told,
  alertingQuery,
  configureUpdate,
  expireSignal,
  expireUpdate,
  heardSignal,
  openedSignal,
  reviveUpdate,
  shardId,
  silenceSignal,
  silenceUpdate,
  toldSignal,
} from './alert-messages.ts';
import type { Asked } from '../domain/release/commands.ts';
import { alertActivitiesFor } from './alert-activities.ts';
import { faultOf, idFault, isHeard, isOpened } from './alert-faults.ts';
import { createForgetting } from './alert-forgetting.ts';
import { createStorms } from './alert-storms.ts';
import type { alerts } from './alerts.ts';
import { failureOf } from './failure.ts';
import { onUpdate } from './on-update.ts';

const EVENTS_MAX = 8000;
const BYTES_MAX = 16 * 1024 * 1024;
/** A shard that has not heard is told again. */
const TOLD_AGAIN_MS = { first: 15_000, max: 300_000 };
/** Silences that are over are shown for so long. */
const RETENTION_MS = 5 * 86_400_000;
const ANSWERS_MAX = 200;

export async function runCoordinator(input: AlertingInput): Promise<never> {
  return CancellationScope.nonCancellable(async () => {
    const coordinator = openCoordinator(input);
    coordinator.listen();
    await condition(() => isLong(input.eventsMax ?? EVENTS_MAX));
    await condition(() => coordinator.isIdle && allHandlersFinished());
    return continueAsNew<(next: AlertingInput) => Promise<never>>(coordinator.carry());
  });
}

function isLong(eventsMax: number): boolean {
  const { continueAsNewSuggested, historyLength, historySize } = workflowInfo();
  return continueAsNewSuggested || historyLength > eventsMax || historySize > BYTES_MAX;
}

function openCoordinator({ shards, carried, eventsMax }: AlertingInput) {
  const limits = eventsMax === undefined ? {} : { eventsMax };
  const { taskQueue } = workflowInfo();
  let version = carried?.version ?? 0;
  let configuration: Configuration | null = carried?.configuration ?? null;
  let configuredBy: AlertingView['configuredBy'] = carried?.configuredBy ?? null;
  let number = carried?.number ?? 0;
  const silences = new Map((carried?.silences ?? []).map((one) => [one.id, one] as const));
  let knowsSilences = carried !== undefined;
  const answered = new Map<string, unknown>(carried?.answered ?? []);
  const storms = createStorms();
  const act = alertActivitiesFor(taskQueue);
  const forgetting = createForgetting(act, carried?.forgetting ?? []);
  /** The last message that each shard has taken. */
  const heard = new Map<number, number>();
  const begun: number[] = [];
  let line: Promise<void> = Promise.resolve();
  let waiting = 0;

  const all = Array.from({ length: shards }, (_, at) => at);

  /** One after the other: no message begins before every shard has taken the one before. */
  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    waiting += 1;
    const before = line;
    const mine = before.then(work);
    line = mine.then(
      () => undefined,
      () => undefined,
    );
    try {
      return await mine;
    } finally {
      waiting -= 1;
    }
  }

  async function tellAll(event: Told['event']): Promise<void> {
    // Numbers grow even where a coordinator was ended by hand, and has forgotten its own.
    number = Math.max(number + 1, Date.now());
    // One that follows one that was ended by hand: the shards know what that knew.
    const asksSilences = !knowsSilences && event.kind === 'configuration' ? true : undefined;
    const told = { number, event, asksSilences };
    const hasHeard = (shard: number): boolean => (heard.get(shard) ?? 0) >= told.number;
    let missing = all;
    for (let waitMs = TOLD_AGAIN_MS.first; missing.length > 0; waitMs *= 2) {
      await Promise.all(missing.map((shard) => tell(shard, told)));
      if (event.kind === 'storm') break;
      await condition(() => all.every(hasHeard), Math.min(waitMs, TOLD_AGAIN_MS.max), {
        summary: 'until every shard has heard',
      });
      missing = all.filter((shard) => !hasHeard(shard));
    }
    forgetOwned();
    if (asksSilences === true) knowsSilences = true;
  }

  /** By the store of last messages those that have been begun know what they have never heard of. */
  function forgetOwned(): void {
    if (begun.length === 0 || configuration === null) return;
    forgetting.forgetSoon({ kind: 'shards', begun: begun.splice(0), shards, configuration });
  }

  /** One that is not there is begun with all that there is to know. */
  async function tell(shard: number, told: Told): Promise<void> {
    try {
      await getExternalWorkflowHandle(shardId(shard)).signal(toldSignal, told);
      return;
    } catch (error) {
      log.warn(`${shardId(shard)} is not there`, { message: failureOf(error).message });
    }
    if (await beginShard(shard)) heard.set(shard, told.number);
  }

  /** False: it runs already. */
  async function beginShard(shard: number): Promise<boolean> {
    if (configuration === null) return false;
    try {
      await startChild<typeof alerts>('alerts', {
        workflowId: shardId(shard),
        parentClosePolicy: ParentClosePolicy.ABANDON,
        taskQueue,
        staticSummary: `alerts, shard ${shard} of ${shards}`,
        args: [
          {
            ...{ schemaVersion: 1, shard, shards, version, configuration },
            silences: [...silences.values()],
            ...limits,
          },
        ],
      });
      begun.push(shard);
      return true;
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
      throw error;
    }
  }

  async function configure(command: ConfigureCommand): Promise<Configured> {
    return once('configure', command, () =>
      inTurn(async () => {
        version = Math.max(version + 1, Math.floor(Date.now() / 1000));
        configuration = command.configuration;
        configuredBy = { who: command.who, why: command.why, atMs: Date.now() };
        storms.clear();
        await tellAll({ kind: 'configuration', version, configuration });
        const before = confirmed?.configuration.heartbeats ?? {};
        confirmed = { version, configuration };
        const { heartbeats: after } = configuration;
        // Not before every shard has heard: one that has not takes it for a signal still.
        if (haveSignalsChanged(before, after)) {
          forgetting.forgetSoon({ kind: 'signals', before, after });
        }
        return { version };
      }),
    );
  }

  /** What every shard goes by. */
  let confirmed: { readonly version: number; readonly configuration: Configuration } | null =
    configuration === null ? null : { version, configuration };

  async function silence(command: SilenceCommand, id: string = uuid4()): Promise<Silence> {
    return once('silence', command, () =>
      inTurn(async () => {
        forget();
        // One of a release that somebody has ended stays so: the release goes on without it.
        const before = silences.get(id);
        if (before !== undefined && isEndedByHand(before)) return before;
        const set = setSilence(
          Object.fromEntries(silences),
          timed(command.silence),
          Date.now(),
          id,
        );
        if (set.kind === 'unknown') throw refused('NotFound', set.message);
        if (set.kind === 'invalid') throw refused('SilenceInvalid', set.message);
        const full = fullBecause(silences, set.changed, Date.now());
        if (full !== null) throw refused('AlertingFull', full);
        for (const one of set.changed) silences.set(one.id, one);
        await tellShards(set.changed);
        return known(set.id);
      }),
    );
  }

  async function expire(command: ExpireCommand): Promise<Silence> {
    return once('expire', command, () =>
      inTurn(async () => {
        const before = known(command.silenceId);
        const over = expired(before, Date.now());
        silences.set(over.id, over);
        if (over !== before) await tellShards([over]);
        return over;
      }),
    );
  }

  async function tellShards(changed: readonly Silence[]): Promise<void> {
    // Without a configuration there is no shard; the first one begins with all silences.
    if (configuration !== null) await tellAll({ kind: 'silences', silences: changed });
  }

  function known(id: string): Silence {
    const found = silences.get(id);
    if (found === undefined) throw refused('NotFound', `there is no silence ${id}`);
    return found;
  }

  function forget(): void {
    for (const one of silences.values()) {
      if (isForgotten(one, Date.now(), RETENTION_MS)) silences.delete(one.id);
    }
  }

  /** A request that was carried out is answered as it was. */
  async function once<T>(
    verb: string,
    { requestId }: { readonly requestId: string },
    work: () => Promise<T>,
  ): Promise<T> {
    const request = `${verb} ${requestId}`;
    if (answered.has(request)) return answered.get(request) as T;
    const answer = await work();
    show();
    answered.set(request, answer);
    const [oldest] = answered.keys();
    if (answered.size > ANSWERS_MAX && oldest !== undefined) answered.delete(oldest);
    return answer;
  }

  async function revive(): Promise<{ readonly begun: readonly number[] }> {
    return inTurn(async () => {
      for (const shard of all) await beginShard(shard);
      const answer = { begun: [...begun] };
      forgetOwned();
      return answer;
    });
  }

  function opened(groups: OpenedGroups): void {
    // So that this task is never handed over together with others, at another time: alert-memo.ts.
    upsertMemo({ opened: groups.opened.length });
    // By another configuration, its routes are others.
    if (groups.version !== version) return;
    for (const storm of storms.count(groups, configuration, Date.now())) {
      void inTurn(() => tellAll({ kind: 'storm', ...storm }));
    }
  }

  /** For whoever looks in Temporal's UI. */
  function show(): void {
    const lasting = [...silences.values()].filter((one) => stateOf(one, Date.now()) !== 'expired');
    const by = configuredBy === null ? '' : `, by ${configuredBy.who}: ${configuredBy.why}`;
    setCurrentDetails(
      `Configuration ${confirmed?.version ?? 'none yet'}${by}. Shards: ${shards}. ` +
        `Silences: ${lasting.length}; \`belay silence list\` shows them.`,
    );
  }

  function view(): AlertingView {
    return {
      shards,
      version: confirmed?.version ?? 0,
      configuration: confirmed?.configuration ?? null,
      configuredBy,
      silences: [...silences.values()],
    };
  }

  function listen(): void {
    forgetting.begin();
    setHandler(alertingQuery, view);
    setHandler(heardSignal, (one) => {
      if (!isHeard(one)) return log.warn('something that was heard means nothing');
      heard.set(one.shard, Math.max(one.number, heard.get(one.shard) ?? 0));
      if (knowsSilences) return;
      for (const each of one.silences ?? []) {
        if (!silences.has(each.id)) silences.set(each.id, each);
      }
    });
    setHandler(openedSignal, (one) => {
      if (isOpened(one)) opened(one);
      else log.warn('groups that were opened mean nothing');
    });
    const quietly = (work: () => Promise<unknown>) => {
      void work().catch((error: unknown) => log.warn(failureOf(error).message));
    };
    setHandler(silenceSignal, (one) => {
      const fault = faultOf(one) ?? silenceFault(one.silence) ?? idFault(one);
      if (fault === null) quietly(() => silence(one, one.silenceId));
      else log.warn(`a silence by signal means nothing: ${fault}`);
    });
    setHandler(expireSignal, (one) => {
      const fault = faultOf(one) ?? idFault(one);
      if (fault === null) quietly(() => expire(one));
      else log.warn(`an expiry by signal means nothing: ${fault}`);
    });
    onUpdate(configureUpdate, configure, {
      validator: (command) =>
        requireNone(faultOf(command) ?? configurationFault(command.configuration)),
      description: 'Takes another configuration; returns when every shard goes by it.',
    });
    onUpdate(silenceUpdate, (command) => silence(command), {
      validator: (command) => requireNone(faultOf(command) ?? silenceFault(command.silence)),
      description: 'Silences alerts, or changes a silence.',
    });
    onUpdate(expireUpdate, expire, {
      validator(command) {
        requireNone(faultOf(command) ?? idFault(command));
        known(command.silenceId);
      },
      description: 'Ends a silence.',
    });
    onUpdate(reviveUpdate, (_asked: Asked) => revive(), {
      validator: (asked) => requireNone(faultOf(asked)),
      description: 'Begins shards that were ended by hand once more.',
    });
  }

  return {
    listen,
    /** Nothing is being told. */
    get isIdle(): boolean {
      return waiting === 0;
    },
    carry(): AlertingInput {
      forget();
      const lasting = { silences: [...silences.values()], answered: [...answered] };
      const next = {
        version,
        configuration,
        configuredBy,
        number,
        ...lasting,
        forgetting: forgetting.pending(),
      };
      return { schemaVersion: 1, shards, carried: next, ...limits };
    },
  };
}

/** One that is asked for without a beginning begins now. */
function timed(request: SilenceRequest): SilenceRequest {
  return { ...request, startsAtMs: Math.max(request.startsAtMs, 0) };
}

function requireNone(fault: string | null): void {
  if (fault !== null) throw refused('NotAllowedNow', fault);
}

function refused(type: string, message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, type);
}
