import type { Level, Target } from '../../escalation/policy.schema.ts';
import { shiftsBetween } from '../../oncall/on-call.ts';
import { REMARKS_AHEAD_MS } from '../../oncall/schedule-remarks.ts';
import type { Paging } from '../paging-file.ts';

/** One list of levels of a policy: its own, or that of an override. */
export interface Course {
  readonly policy: string;
  /** Of the list, in the file. */
  readonly path: readonly (string | number)[];
  readonly levels: readonly Level[];
  /** How often all of it begins again. */
  readonly repeat: number;
}

export function coursesOf({ policies }: Pick<Paging, 'policies'>): readonly Course[] {
  return Object.entries(policies).flatMap(([policy, { levels, repeat, overrides }]) => {
    const path = ['policies', policy];
    const own: Course = { policy, path: [...path, 'levels'], levels, repeat };
    const others = overrides.flatMap((one, index): readonly Course[] =>
      one.levels === undefined
        ? []
        : [
            {
              policy,
              path: [...path, 'overrides', index, 'levels'],
              levels: one.levels,
              repeat: one.repeat ?? repeat,
            },
          ],
    );
    return [own, ...others];
  });
}

/** Everybody whom a target may mean within the next 90 days, each once. */
export type PersonsBehind = (target: Target) => readonly string[];

export function personsBehind({ schedules, teams }: Paging, nowMs: number): PersonsBehind {
  const onDuty = new Map<string, readonly string[]>();
  return ({ kind, name }) => {
    switch (kind) {
      case 'person':
        return [name];
      case 'team':
        return teams[name]?.members ?? [];
      case 'schedule': {
        const known = onDuty.get(name);
        if (known !== undefined) return known;
        const schedule = schedules[name];
        const shifts =
          schedule === undefined ? [] : shiftsBetween(schedule, nowMs, nowMs + REMARKS_AHEAD_MS);
        const persons = [...new Set(shifts.flatMap((shift) => shift.persons))];
        onDuty.set(name, persons);
        return persons;
      }
      case 'channel':
        return [];
      default:
        return kind satisfies never;
    }
  };
}
