import {
  type Effects,
  type Run,
  abandoned,
  backward,
  forward,
  joined,
  undoneBatch,
} from './expected.ts';
import type { StrategyCase } from './strategy-case.ts';

/** What a case must leave behind, and who serves and was met. */
export interface Expected extends Effects {
  readonly outcome: string;
  /** Null: nobody has ever served. */
  readonly serves: string | null;
  /** In the order of their names. */
  readonly met: readonly string[];
}

export function expectedEnd(run: Run, one: StrategyCase): Expected {
  const { ending, writesBetween } = one;
  const { plan, workflowId, version, stable } = run;
  const held = heldMessages(run, one);
  switch (ending.kind) {
    case 'succeeded': {
      const all = forward(run, plan.at(-1)?.name ?? '');
      return {
        ...all,
        writes: withBetween(run, all.writes, writesBetween),
        messages: [...held, ...all.messages],
        outcome: 'succeeded',
        serves: version,
        met: metBy(run),
      };
    }
    case 'rolled back': {
      const { through, between, outcome } = ending;
      const written = { 'taken-back': `${workflowId}/taken-back`, 'break-glass': 'break-glass' };
      const there = forward(run, through);
      const back = backward(run, through);
      return {
        ...joined([there, back]),
        writes: [
          ...there.writes,
          ...(between === undefined ? [] : [written[between]]),
          ...back.writes,
        ],
        messages: [...there.messages, ...held, ...back.messages],
        outcome,
        serves: stable,
        met: metBy(run),
      };
    }
    case 'abandoned':
      return {
        ...joined([forward(run, ending.through), abandoned(run)]),
        outcome: ending.outcome,
        serves: stable,
        met: nobodyNew(run),
      };
    case 'batch undone':
      return {
        ...joined([undoneBatch(run, ending.batch), abandoned(run)]),
        outcome: 'failed',
        serves: stable,
        met: nobodyNew(run),
      };
    default:
      return ending satisfies never;
  }
}

/** Of a rollback that a person asks for when the version before no longer runs. */
export function expectedOfManual(run: {
  readonly workflowId: string;
  readonly from: string;
  readonly to: string;
  readonly instances: number;
}): Expected {
  const { workflowId, from, to, instances } = run;
  const full = (names: readonly string[]) => names.map((name) => `${workflowId}/${name}`);
  return {
    writes: full(['register', 'switch-again', `unregister-${from}`]),
    processes: full(['deploy', `remove-${from}`]),
    messages: full(['ended']),
    starts: Array.from({ length: instances }, () => to),
    outcome: 'rolled_back',
    serves: to,
    met: [from, to].toSorted(),
  };
}

function heldMessages({ plan, workflowId }: Run, { held }: StrategyCase): readonly string[] {
  if (held === undefined) return [];
  return [`${workflowId}/held-${plan.findIndex(({ name }) => name === held)}`];
}

function withBetween(
  { workflowId }: Run,
  writes: readonly string[],
  between: StrategyCase['writesBetween'],
): readonly string[] {
  if (between === undefined) return writes;
  const place = writes.indexOf(`${workflowId}/${between.after}`) + 1;
  const names = between.names.map((name) => `${workflowId}/${name}`);
  return [...writes.slice(0, place), ...names, ...writes.slice(place)];
}

function metBy({ stable, version, baseline }: Run): readonly string[] {
  return [stable, version, baseline].flatMap((one) => one ?? []).toSorted();
}

function nobodyNew({ stable }: Run): readonly string[] {
  return stable === null ? [] : [stable];
}
