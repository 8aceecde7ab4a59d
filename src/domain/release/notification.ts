/** What a person is told. Plain text; a channel decides how it looks. */
export interface Notification {
  /** The same for every attempt at the same message, so that a receiver can drop a repeat. */
  readonly dedupKey: string;
  readonly severity: 'info' | 'warning' | 'critical';
  readonly title: string;
  readonly text: string;
  readonly service: string;
  readonly version: string;
  /** The workflow id of the release or rollback: `release/checkout/7`. */
  readonly workflowId: string;
  readonly outcome: string;
  readonly durationMs: number;
  readonly atMs: number;
}
