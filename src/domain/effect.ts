/**
 * A confirmed change of state in the outside world. Drivers keep them in a log that outlives every
 * process of Belay: one entry a key, in the order in which they took place.
 */
export interface Effect {
  /** `release/<service>/<n>/<effect>` or `rollback/<service>/<n>/<effect>`. */
  readonly key: string;
  readonly service: string;
  /** Issued by the `service` workflow; only grows. One generation always carries one value. */
  readonly generation: number;
  /** What the world looks like after it, in one line for a person. */
  readonly what: string;
  readonly atMs: number;
}
