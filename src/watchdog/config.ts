import { z } from 'zod';
import { waitingTime } from '../domain/release/quantities.schema.ts';
import type { AlarmTiming } from '../domain/watchdog/alarms.ts';
import { readVariables } from '../worker/read-variables.ts';
import type { LookSettings } from './look.ts';

const address = /^(.*):(\d{1,5})$/;

/** The only reader of the watchdog's environment. Temporal's own variables are read by envconfig. */
const environmentSchema = z.object({
  BELAY_TASK_QUEUE: z
    .string()
    .regex(/^[A-Za-z0-9._/-]{1,190}$/)
    .default('belay'),
  BELAY_PAGING: z.string().min(1).optional(),
  BELAY_WATCHDOG_EVERY: waitingTime.prefault('30s'),
  BELAY_WATCHDOG_FOR: waitingTime.prefault('1m'),
  BELAY_WATCHDOG_UNREACHABLE_FOR: waitingTime.prefault('1m'),
  BELAY_WATCHDOG_REPEAT: waitingTime.prefault('30m'),
  BELAY_WATCHDOG_SILENT_FOR: waitingTime.prefault('90s'),
  BELAY_WATCHDOG_ATTEMPTS: z.coerce.number().int().min(1).max(1000).default(3),
  BELAY_WATCHDOG_OVERDUE_BY: waitingTime.prefault('3m'),
  BELAY_WATCHDOG_RUNS_AT_ONCE: z.coerce.number().int().min(1).max(1000).default(200),
  BELAY_WATCHDOG_ADDRESS: z.string().regex(address, 'an address is host:port').optional(),
  BELAY_WATCHDOG_HEARTBEAT_URL: z
    .url({ protocol: /^https?$/, error: 'is no URL with http:// or https://' })
    .optional(),
});

export interface WatchdogConfig {
  /** The paging file; `undefined`: there is nobody to be paged. */
  readonly paging: string | undefined;
  readonly look: LookSettings;
  readonly timing: AlarmTiming;
  readonly everyMs: number;
  /** Where `/metrics` and `/healthz` answer; none, nowhere. */
  readonly address: { readonly host: string; readonly port: number } | undefined;
  /** Whether there is a URL that is asked after each good round; it is a secret. */
  readonly hasHeartbeat: boolean;
  /** The value of an environment variable that holds a secret. */
  secret(name: string): string | undefined;
}

/** Throws `EnvironmentInvalid` with every problem at once. */
export function readWatchdogConfig(environment: NodeJS.ProcessEnv): WatchdogConfig {
  const data = readVariables(environmentSchema, environment, "the watchdog's environment");
  const forMs = data.BELAY_WATCHDOG_FOR;
  return {
    paging: data.BELAY_PAGING,
    look: {
      taskQueue: data.BELAY_TASK_QUEUE,
      silentForMs: data.BELAY_WATCHDOG_SILENT_FOR,
      attempts: data.BELAY_WATCHDOG_ATTEMPTS,
      overdueByMs: data.BELAY_WATCHDOG_OVERDUE_BY,
      runsAtOnce: data.BELAY_WATCHDOG_RUNS_AT_ONCE,
    },
    timing: {
      forMs: {
        unreachable: data.BELAY_WATCHDOG_UNREACHABLE_FOR,
        no_pollers: forMs,
        tasks_failing: forMs,
        overdue: forMs,
      },
      repeatMs: data.BELAY_WATCHDOG_REPEAT,
    },
    everyMs: data.BELAY_WATCHDOG_EVERY,
    address: addressOf(data.BELAY_WATCHDOG_ADDRESS),
    hasHeartbeat: data.BELAY_WATCHDOG_HEARTBEAT_URL !== undefined,
    secret: (name) => environment[name],
  };
}

/** `:9465` means every address. */
function addressOf(text: string | undefined): WatchdogConfig['address'] {
  const [, host, port] = address.exec(text ?? '') ?? [];
  if (port === undefined) return undefined;
  return { host: host === undefined || host === '' ? '0.0.0.0' : host, port: Number(port) };
}
