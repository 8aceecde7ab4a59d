import type { PostedAlert } from '../domain/alerting/alert.ts';
import type { Silence, SilenceRequest } from '../domain/alerting/silence.ts';
import type { AlertingView, ShardView } from '../domain/alerting/views.ts';
import type { Request } from './request.ts';

/** What became of a batch. Whatever is not in `refused` is kept: it is in a workflow, or was. */
export interface Posted {
  readonly accepted: number;
  /** How many of these were news; of the others only the time has been noted. */
  readonly news: number;
  /** By their places in the batch. */
  readonly refused: readonly {
    readonly at: number;
    readonly code: 'AlertInvalid' | 'AlertingFull';
    readonly why: string;
  }[];
}

export interface ConfigureRequest extends Request {
  /** An alerting file. */
  readonly alerting: { readonly text: string; readonly file: string };
}

/** Alerts, silences and their configuration: how other services put alerts in and silence them. */
export interface AlertCalls {
  /** Returns when every alert that is not refused is durable. A repeat of it changes nothing. */
  post(alerts: readonly PostedAlert[]): Promise<Posted>;
  /** A signal of a heartbeat; `NotFound` where the configuration has none of this name. */
  beat(heartbeat: string): Promise<void>;
  /** Returns when every shard goes by the new configuration. The first one begins the shards. */
  configure(request: ConfigureRequest): Promise<{ readonly version: number }>;
  /** The configuration and all silences. */
  show(): Promise<AlertingView>;
  /** What each shard holds. */
  shards(options?: { readonly limit?: number }): Promise<readonly ShardView[]>;
  /** Returns when every shard holds back what it matches. */
  silence(request: Request & { readonly silence: SilenceRequest }): Promise<Silence>;
  /** Ends a silence; what it held back is looked at again at once. */
  expire(id: string, request: Request): Promise<Silence>;
}
