/**
 * The one table of failures. A code fixes what the API answers, whether Temporal retries, and how
 * the CLI exits; `docs/failures.md` describes each in the same order, and a test compares the two.
 *
 * `httpStatus`: what an HTTP answer carries. `retry`: whether the same call may succeed later.
 * `exit`: the exit status of `belay`. `mend`: one sentence that says what a person can do.
 */
export const FAILURES = {
  ReleaseFileInvalid: {
    httpStatus: 400,
    retry: false,
    exit: 2,
    mend: 'Correct the file where the message points, then run `belay validate` on it.',
  },
  PagingFileInvalid: {
    httpStatus: 400,
    retry: false,
    exit: 2,
    mend: 'Correct the file where the message points; `belay oncall --help` has an example.',
  },
  AlertingFileInvalid: {
    httpStatus: 400,
    retry: false,
    exit: 2,
    mend: 'Correct the file where the message points; `belay alerting --help` has an example.',
  },
  IncidentInvalid: {
    httpStatus: 400,
    retry: false,
    exit: 2,
    mend: 'Correct the input where the message points, then start the incident again.',
  },
  RecordingInvalid: {
    httpStatus: 400,
    retry: false,
    exit: 2,
    mend: 'Correct the recorded data where the message points; `belay judge --help` has each form.',
  },
  ReleaseInProgress: {
    httpStatus: 409,
    retry: false,
    exit: 3,
    mend: 'Wait for the running release, or end it with `belay abort`, then deploy again.',
  },
  VersionAlreadyStable: {
    httpStatus: 409,
    retry: false,
    exit: 3,
    mend: 'This version already serves all traffic; deploy another one.',
  },
  NothingToRollBackTo: {
    httpStatus: 409,
    retry: false,
    exit: 3,
    mend: 'Name a version from `belay history` that was stable before.',
  },
  FreezeWindow: {
    httpStatus: 409,
    retry: false,
    exit: 3,
    mend: 'Wait for the end of the window, or pass --override-freeze with a reason.',
  },
  QueueFull: {
    httpStatus: 429,
    retry: false,
    exit: 3,
    mend: 'Call one of the waiting releases off with `belay cancel`, then deploy again.',
  },
  NotFound: {
    httpStatus: 404,
    retry: false,
    exit: 4,
    mend: 'Check the name with `belay status`, or the id with `belay incident list` or `silence list`.',
  },
  NotAllowedNow: {
    httpStatus: 409,
    retry: false,
    exit: 3,
    mend: '`belay explain`, or `belay incident show`, says which verbs it takes now.',
  },
  AlreadyAcknowledged: {
    httpStatus: 409,
    retry: false,
    exit: 3,
    mend: 'Somebody works on it already: ask them, or take it over with `belay incident reassign`.',
  },
  EnvironmentFailed: {
    httpStatus: 502,
    retry: true,
    exit: 1,
    mend: 'Read the log of the instance that is named, and run its command by hand.',
  },
  EnvironmentInvalid: {
    httpStatus: 422,
    retry: false,
    exit: 1,
    mend: 'Correct what is named: in the `environment` block, or a variable of the process.',
  },
  HealthCheckFailed: {
    httpStatus: 422,
    retry: false,
    exit: 1,
    mend: 'Read the report of each check; call the endpoint of the candidate by hand.',
  },
  ThresholdViolated: {
    httpStatus: 422,
    retry: false,
    exit: 1,
    mend: 'The evidence names each figure and its limit; mend the version or the limit.',
  },
  GateClosed: {
    httpStatus: 422,
    retry: false,
    exit: 1,
    mend: 'Ask whoever closed the gate; the timeline names them and their reason.',
  },
  HookFailed: {
    httpStatus: 422,
    retry: false,
    exit: 1,
    mend: 'Read what the hook answered, mend it, then `belay retry` or deploy again.',
  },
  HookUnreachable: {
    httpStatus: 502,
    retry: true,
    exit: 1,
    mend: 'Start what the hook calls; check that the worker reaches its address.',
  },
  NoData: {
    httpStatus: 422,
    retry: false,
    exit: 1,
    mend: 'Check that the metrics source is reachable and that requests reach the version.',
  },
  TrafficUnreachable: {
    httpStatus: 502,
    retry: true,
    exit: 1,
    mend: 'Check that the load balancer runs and that the worker reaches its control address.',
  },
  TrafficNotConfirmed: {
    httpStatus: 504,
    retry: true,
    exit: 1,
    mend: 'The load balancer took the change but does not serve it yet; look at its old processes.',
  },
  TrafficRefused: {
    httpStatus: 422,
    retry: false,
    exit: 1,
    mend: 'The load balancer cannot do what was asked; the message says which setting to change.',
  },
  TargetNotReady: {
    httpStatus: 422,
    retry: false,
    exit: 1,
    mend: 'No instance of the version accepts connections; start it, then switch again.',
  },
  TrafficTakenBack: {
    httpStatus: 409,
    retry: false,
    exit: 3,
    mend: 'Traffic went back without the release being asked; it follows by itself.',
  },
  StaleGeneration: {
    httpStatus: 409,
    retry: false,
    exit: 3,
    mend: 'A newer decision has already been carried out; nothing needs to be done.',
  },
  GenerationConflict: {
    httpStatus: 409,
    retry: false,
    exit: 1,
    mend: 'Two different states claim one generation: report this as a bug, with the history.',
  },
  MetricsUnreachable: {
    httpStatus: 502,
    retry: true,
    exit: 1,
    mend: 'Check the address of the metrics source from the machine of the worker.',
  },
  MetricsInvalid: {
    httpStatus: 422,
    retry: false,
    exit: 1,
    mend: 'The metrics source refused the query or answered another format; run it by hand.',
  },
  NotificationRejected: {
    httpStatus: 422,
    retry: false,
    exit: 1,
    mend: 'The receiver refused the message for good; check its address and credentials.',
  },
  NotificationUndelivered: {
    httpStatus: 502,
    retry: true,
    exit: 1,
    mend: 'The receiver did not take the message in time; it is sent again with the same key.',
  },
  NeverAcknowledged: {
    httpStatus: 500,
    retry: false,
    exit: 1,
    mend: 'Look at what broke now; then at `belay incident show`: who was paged, and what arrived.',
  },
  PageRejected: {
    httpStatus: 422,
    retry: false,
    exit: 1,
    mend: 'The channel refused the page for good; `belay channel test NAME` says what is wrong.',
  },
  PageUndelivered: {
    httpStatus: 502,
    retry: true,
    exit: 1,
    mend: 'The channel did not take the page in time; it is sent again with the same key.',
  },
  RollbackUnverified: {
    httpStatus: 500,
    retry: false,
    exit: 1,
    mend: 'Traffic is on the version that is named, but it does not look well: look at it now.',
  },
  AlertInvalid: {
    httpStatus: 400,
    retry: false,
    exit: 2,
    mend: 'Correct the alert as the message says, and send it again.',
  },
  AlertingFull: {
    httpStatus: 503,
    retry: true,
    exit: 3,
    mend: 'Send it again later; group by fewer labels, or begin alerting with more shards.',
  },
  AlertingNotConfigured: {
    httpStatus: 503,
    retry: false,
    exit: 5,
    mend: 'Give Belay an alerting file with `belay alerting apply FILE`; the first one begins it.',
  },
  NoWorker: {
    httpStatus: 503,
    retry: false,
    exit: 5,
    mend: 'Start a worker for the task queue that is named with `belay worker`.',
  },
  TemporalUnreachable: {
    httpStatus: 503,
    retry: true,
    exit: 5,
    mend: 'Set TEMPORAL_ADDRESS, or start a development server with `belay dev`.',
  },
  AlertStoreUnavailable: {
    httpStatus: 503,
    retry: true,
    exit: 5,
    mend: 'Check that the database of `BELAY_ALERT_STORE` runs, and has room; then post again.',
  },
  SearchAttributesMissing: {
    httpStatus: 503,
    retry: false,
    exit: 5,
    mend:
      'Add them as Keyword: `temporal operator search-attribute create --name BelayService ' +
      '--type Keyword`, and so on for Version, Strategy, Phase, Outcome and Severity.',
  },
  Internal: {
    httpStatus: 500,
    retry: false,
    exit: 70,
    mend: 'This is a bug in Belay: report it with the message and the workflow history.',
  },
} as const satisfies Record<
  string,
  {
    readonly httpStatus: number;
    readonly retry: boolean;
    readonly exit: number;
    readonly mend: string;
  }
>;

export type FailureCode = keyof typeof FAILURES;

/** An error with a code of the table. Compare codes, not classes: a class does not cross Temporal. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: FailureCode;
  /** When the other side said that a retry makes sense; absent, the caller chooses. */
  readonly retryAfterMs: number | undefined;
  /** The other side may have done what was asked: the answer was lost, not the request. */
  readonly isUnknown: boolean;

  constructor(
    code: FailureCode,
    message: string,
    options?: ErrorOptions & {
      readonly retryAfterMs?: number | undefined;
      readonly isUnknown?: boolean;
    },
  ) {
    super(message, options);
    this.code = code;
    this.retryAfterMs = options?.retryAfterMs;
    this.isUnknown = options?.isUnknown ?? false;
  }
}

export function isFailureCode(value: unknown): value is FailureCode {
  return typeof value === 'string' && Object.hasOwn(FAILURES, value);
}
