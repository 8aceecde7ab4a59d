import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { dataConverter } from '../codec/data-converter.ts';
import type { Accepted, Begun, ServiceView } from '../domain/release/commands.ts';
import type { PlanFacts } from '../domain/release/plan.ts';
import type { Progress, RunReport, Verb } from '../domain/release/progress.ts';
import { type Timetable, timetableOf } from '../domain/release/timetable.ts';
import type { Steered } from '../workflows/messages.ts';
import type { AlertStore } from '../domain/alerting/alert-store.ts';
import { type AlertCalls, type ConfigureRequest, type Posted, askAlerts } from './alerts.ts';
import { createCaller } from './caller.ts';
import { followRuns } from './follow.ts';
import type { IncidentAnswer, IncidentView } from '../domain/escalation/incident.ts';
import type { Answered, UrgentRequest, UrgentVerb } from './answer-incident.ts';
import {
  type IncidentCalls,
  type IncidentSummary,
  type OpenRequest,
  type Opened,
  type VerbRequest,
  askIncidents,
} from './incidents.ts';
import {
  type DeployRequest,
  type FrozenRequest,
  type ReleaseToRun,
  type Request,
  type SteerRequest,
  specOf,
} from './request.ts';
import { askService } from './service.ts';
import { steerReleases } from './steering.ts';
import { translated } from './translate.ts';

export type { DeployRequest, FrozenRequest, ReleaseToRun, Request, SteerRequest, Steered };
export type { Answered, IncidentAnswer, IncidentSummary, IncidentView, OpenRequest, Opened };
export type { UrgentRequest, UrgentVerb, VerbRequest };
export type { AlertCalls, AlertStore, ConfigureRequest, Posted };

/**
 * How other services, the CLI and the API use Belay. Every call throws a `Failure` whose code is in
 * the table of failures; none shows a type of Temporal's.
 */
export interface BelayClient {
  /**
   * Returns when the release has durably begun, or durably waits for its turn. Follow it with
   * `progress`, wait for its end in `result`, or for its turn in `awaitTurn`.
   */
  deploy(request: DeployRequest): Promise<Accepted>;
  /** Waits until a release that was queued has begun; `NotFound` when it was called off. */
  awaitTurn(service: string, requestId: string): Promise<Begun>;
  /** Calls a waiting release off; answers whether it was still waiting. */
  cancel(
    service: string,
    queuedRequestId: string,
    request: Request,
  ): Promise<{ readonly cancelled: boolean }>;
  /** Goes back to `toVersion`, by default to the version that was stable before. */
  rollback(service: string, request: Request & { readonly toVersion?: string }): Promise<Begun>;
  /** Any verb, by its name, for the running release; refused where it makes no sense now. */
  steer(service: string, verb: Verb, request: SteerRequest): Promise<Steered>;
  /** Stays where it is; watching goes on. */
  pause(service: string, request: Request): Promise<Steered>;
  resume(service: string, request: FrozenRequest): Promise<Steered>;
  /** On to the next step at once; keeps the candidate of a release that waits for a person. */
  promote(service: string, request: FrozenRequest): Promise<Steered>;
  /** On to all of the traffic at once. */
  promoteFull(service: string, request: FrozenRequest): Promise<Steered>;
  /** One weight or batch down, and there it stays until somebody says otherwise. */
  stepBack(service: string, request: Request): Promise<Steered>;
  /** Tries the step that failed once more. */
  retry(service: string, request: Request): Promise<Steered>;
  /** Ends the running release: traffic back to stable first, then the candidate is removed. */
  abort(service: string, request: Request): Promise<Steered>;
  approve(service: string, gate: string, request: Request): Promise<Steered>;
  reject(service: string, gate: string, request: Request): Promise<Steered>;
  /** Makes a step of the running release last `byMs` longer. */
  extend(service: string, step: string, byMs: number, request: Request): Promise<Steered>;
  /** How a run stands: the one of this workflow id, or the service's running or latest one. */
  progress(serviceOrWorkflowId: string): Promise<Progress>;
  history(service: string): Promise<ServiceView>;
  services(): Promise<readonly string[]>;
  /** Pages people about what is broken, until one of them answers. */
  readonly incidents: IncidentCalls;
  /** Groups, silences and routes what fires, in front of the incidents. */
  readonly alerts: AlertCalls;
  /** Waits for the end of a run, however long that takes, and until its service is free again. */
  result(workflowId: string): Promise<RunReport>;
  /** Waits, for 15 seconds at most, until a run that has ended no longer holds its service. */
  untilFree(workflowId: string): Promise<void>;
  close(): Promise<void>;
}

export interface BelayClientOptions {
  /** Default: `TEMPORAL_ADDRESS`, the profile of the Temporal CLI, then `localhost:7233`. */
  readonly address?: string;
  readonly namespace?: string;
  /** Of Belay's own workers. */
  readonly taskQueue?: string;
  /**
   * The workers' store of last messages: with it, alerts that are only sent again enter no history.
   * It stays open when the client is closed.
   */
  readonly alertStore?: AlertStore;
  /** How many shards the first alerting file begins; later ones do not change it. Default: 16. */
  readonly alertShards?: number;
}

export const DEFAULT_TASK_QUEUE = 'belay';
const ALERT_SHARDS = 16;

/** Connects to Temporal as its own tools do: environment, profile file, TLS and API key. */
export async function createBelayClient(options: BelayClientOptions = {}): Promise<BelayClient> {
  const config = loadClientConnectConfig();
  const address = options.address ?? config.connectionOptions.address ?? 'localhost:7233';
  const connection = await translated(
    () => Connection.connect({ ...config.connectionOptions, address, connectTimeout: '5s' }),
    { address },
  );
  const namespace = options.namespace ?? config.namespace ?? 'default';
  const temporal = new Client({ connection, namespace, dataConverter });
  const taskQueue = options.taskQueue ?? DEFAULT_TASK_QUEUE;
  const caller = createCaller({ connection, taskQueue, address });
  const service = askService(temporal, caller, taskQueue);
  return {
    ...service,
    ...steerReleases(temporal, caller, service.history),
    ...followRuns(temporal, caller, service.history),
    incidents: askIncidents(temporal, caller, taskQueue),
    alerts: askAlerts(temporal, caller, {
      taskQueue,
      shards: options.alertShards ?? ALERT_SHARDS,
      store: options.alertStore,
    }),
    close: () => connection.close(),
  };
}

/**
 * Everything that a release will do, and when, without asking anybody. `facts` default to a
 * service whose stable version has as many instances as the file names.
 */
export function plan(release: ReleaseToRun, facts: Partial<PlanFacts> = {}): Timetable {
  const spec = specOf(release);
  return timetableOf(spec, {
    stableInstances: spec.environment.instances,
    fast: false,
    ...facts,
  });
}
