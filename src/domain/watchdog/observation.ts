/** What the watchdog knows how to find wrong, in the order in which it is told. */
export const CONDITIONS = ['unreachable', 'no_pollers', 'tasks_failing', 'overdue'] as const;

export type Condition = (typeof CONDITIONS)[number];

/** What one look has found of one condition. */
export interface Observation {
  readonly condition: Condition;
  /** The task queue that it is about; of `unreachable` the one of Belay's workflows. */
  readonly queue: string;
  /** `unknown`: it could not be looked at, which is neither good nor bad. */
  readonly state: 'good' | 'bad' | 'unknown';
  /** For people; of what is bad, what exactly, with names and numbers. May have several lines. */
  readonly text: string;
}

/** What tells one alarm from another: the same at every look, and after every restart. */
export function keyOf({ condition, queue }: Pick<Observation, 'condition' | 'queue'>): string {
  return `${condition}/${queue}`;
}

/** What is wrong, as a title: one line without what changes from look to look. */
export function titleOf(condition: Condition, queue: string): string {
  switch (condition) {
    case 'unreachable':
      return 'Belay cannot reach Temporal';
    case 'no_pollers':
      return `Belay: no worker takes tasks from ${queue}`;
    case 'tasks_failing':
      return `Belay: workflows of ${queue} fail again and again`;
    case 'overdue':
      return `Belay: workflows of ${queue} are overdue`;
    default:
      return condition satisfies never;
  }
}
