import { Failure } from '../../domain/failure.ts';

/** Of the tables; grows whenever they change. */
export const SCHEMA_VERSION = 1;

/** A newer Belay may mean other things by what it has written. */
export function requireVersion(found: number): void {
  if (found > SCHEMA_VERSION) {
    throw new Error(
      `its tables are of version ${found}, and this Belay knows ${SCHEMA_VERSION}: start a newer one`,
    );
  }
}

/** What every method of a store throws, whatever is wrong. `where` has no secrets. */
export function unavailable(where: string, error: unknown): Failure {
  const why = error instanceof Error ? error.message : String(error);
  return new Failure('AlertStoreUnavailable', `the alert store ${where}: ${why}`, { cause: error });
}
