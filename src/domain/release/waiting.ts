import type { Course, Move } from './course.ts';
import { hostOf } from './hooks.ts';
import { openHours } from './open-hours.ts';
import type { Waiting } from './progress.ts';

/** Why a release does not go on by itself now, for a person. */
export function waitingOf(move: Move, course: Course): Waiting | undefined {
  if (move.kind !== 'stay') return undefined;
  const untilMs = move.untilMs ?? undefined;
  switch (move.why) {
    case 'clock':
    case 'compare':
      return undefined;
    case 'gate':
      return move.step.kind === 'gate'
        ? { why: 'gate', text: gateText(move.step), untilMs }
        : undefined;
    case 'paused': {
      const by = course.pause;
      const text = by === null ? 'paused' : `paused by ${by.who}: ${by.why}`;
      return { why: 'paused', text, untilMs: undefined };
    }
    case 'frozen':
      return { why: 'frozen', text: `freeze window ${course.freeze?.name ?? ''}`, untilMs };
    case 'held':
      return { why: 'held', text: course.held?.reason ?? 'held', untilMs };
    default:
      return move.why satisfies never;
  }
}

function gateText({ name, gate }: Extract<Course['plan'][number], { kind: 'gate' }>): string {
  switch (gate.kind) {
    case 'person':
      return `the gate ${name} waits for a person`;
    case 'webhook':
      return `the gate ${name} asks ${hostOf(gate.url)}`;
    case 'after':
      return `the gate ${name} waits for ${gate.service} ${gate.version}`;
    case 'time':
      return `the gate ${name} waits for ${openHours(gate)}`;
    default:
      return gate satisfies never;
  }
}
