/** Ids that a person would guess, and the keys and generations that fence every effect. */

export function serviceWorkflowId(service: string): string {
  return `service/${service}`;
}

export function releaseWorkflowId(service: string, number: number): string {
  return `release/${service}/${number}`;
}

export function rollbackWorkflowId(service: string, number: number): string {
  return `rollback/${service}/${number}`;
}

/** The name of an effect: the same for every attempt at it. */
export function effectKey(workflowId: string, effect: string): string {
  return `${workflowId}/${effect}`;
}

const GENERATIONS_A_RUN = 1_000_000;
/** Between two effects of a run: for what may have to be done before anybody can be asked. */
export const GENERATIONS_AN_EFFECT = 10;

/**
 * The generation of the `step`-th effect of run `number`. The `service` workflow numbers releases
 * and rollbacks alike and never twice, so a later run's generations are above all of an earlier
 * one's: a rollback wins over the release that it undoes, whatever arrives late.
 */
export function generationOf(number: number, step: number): number {
  if (!(Number.isInteger(step) && step >= 0 && step < GENERATIONS_A_RUN)) {
    throw new RangeError(`a run has ${GENERATIONS_A_RUN} generations; step ${step} is not one`);
  }
  return number * GENERATIONS_A_RUN + step;
}

/** The run that a generation belongs to; 0 for a device that nobody has written yet. */
export function numberOf(generation: number): number {
  return Math.floor(generation / GENERATIONS_A_RUN);
}

/** The name under which fresh instances of stable run beside a canary, to compare with. */
export function baselineVersion(stable: string): string {
  return `${stable}-baseline`;
}
