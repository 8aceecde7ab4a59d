/** One running copy of a version, where traffic can reach it. */
export interface Instance {
  /** Unique within the service: `<version>/<index>`. */
  readonly id: string;
  readonly host: string;
  readonly port: number;
}
