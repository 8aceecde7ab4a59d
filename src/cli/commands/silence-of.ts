import { type Silence } from '../../domain/alerting/silence.ts';
import { Failure } from '../../domain/failure.ts';
import { onOneLine } from '../../domain/paging/page-words.ts';
import { shortSilenceId } from '../render/silences.ts';

/** Fewer characters belong to too many. */
const BEGINNING_MIN = 4;
const NAMED_MAX = 10;

/** A silence as people type it: its id, or the beginning that no other has. */
export function silenceOf(silences: readonly Silence[], what: string): Silence {
  const whole = silences.find(({ id }) => id === what);
  if (whole !== undefined) return whole;
  const shown = onOneLine(what).slice(0, 80);
  if (what.length < BEGINNING_MIN) {
    const why = `write its id, or at least ${BEGINNING_MIN} of its first characters`;
    throw new Failure('NotFound', `"${shown}" is no silence: ${why}`);
  }
  const [one, ...others] = silences.filter(({ id }) => id.startsWith(what));
  if (one === undefined) {
    const where = 'see belay silence list, and with --expired those that are over';
    throw new Failure('NotFound', `there is no silence ${shown}: ${where}`);
  }
  if (others.length === 0) return one;
  const all = [one, ...others].slice(0, NAMED_MAX).map(({ id }) => shortSilenceId(id, what.length));
  throw new Failure('NotFound', `${shown} begins ${others.length + 1} silences: ${all.join(', ')}`);
}
