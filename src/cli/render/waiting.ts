import type { Progress, Verb, Waiting } from '../../domain/release/progress.ts';
import { moment, span } from './style.ts';

/** Verbs that help against each reason to wait, the likely one first. */
const HELP: Readonly<Record<Waiting['why'], readonly Verb[]>> = {
  gate: ['approve', 'reject'],
  paused: ['resume', 'step_back', 'abort'],
  frozen: ['resume', 'abort'],
  held: ['retry', 'promote', 'abort'],
};

/** Why a run does not go on by itself, until when, and by whom. */
export function renderWaiting(progress: Progress, nowMs: number): string | undefined {
  const { waiting } = progress;
  if (waiting === undefined) return undefined;
  const { text, untilMs } = waiting;
  const until =
    untilMs === undefined
      ? 'until somebody says so'
      : `until ${moment(untilMs)}, ${span(untilMs - nowMs)} to go`;
  return `${reasonOf(progress, waiting.why)}, ${until}: ${text}`;
}

function reasonOf({ audit, steps, at }: Progress, why: Waiting['why']): string {
  switch (why) {
    case 'gate':
      return `at the gate ${steps[at]?.name ?? ''}`.trimEnd();
    case 'paused': {
      const asked = audit.findLast(({ verb }) => verb === 'pause' || verb === 'step_back');
      return asked === undefined ? 'paused' : `paused by ${asked.who}`;
    }
    case 'frozen':
      return 'in a freeze window';
    case 'held':
      return 'held';
    default:
      return why satisfies never;
  }
}

/** Every verb that the run takes, those that end its waiting first. */
export function helpfulVerbs({ verbs, waiting }: Progress): readonly Verb[] {
  const first =
    waiting === undefined ? [] : HELP[waiting.why].filter((verb) => verbs.includes(verb));
  return [...first, ...verbs.filter((verb) => !first.includes(verb))];
}
