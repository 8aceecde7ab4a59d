import type { Step } from '../../src/domain/release/plan.ts';

/** What a run must leave behind, in order, in each of the places where it can be seen. */
export interface Effects {
  readonly writes: readonly string[];
  readonly processes: readonly string[];
  readonly messages: readonly string[];
  /** The versions of the instances that were started. */
  readonly starts: readonly string[];
}

export interface Run {
  readonly plan: readonly Step[];
  readonly workflowId: string;
  readonly back: string;
  readonly version: string;
  /** Null for the first release of a service. */
  readonly stable: string | null;
  readonly desired: number;
  /** Instances of stable beside it, to compare with. */
  readonly baseline: string | null;
  /** New instances come before old ones go. */
  readonly surge: boolean;
}

const NOTHING: Effects = { writes: [], processes: [], messages: [], starts: [] };

/** Of every step of the plan up to this one, whose own are the last. */
export function forward(run: Run, through: string): Effects {
  const { plan, workflowId } = run;
  const last = plan.findIndex(({ name }) => name === through);
  if (last < 0) throw new RangeError(`the plan has no step ${through}`);
  const effects = plan.slice(0, last + 1).map((_, at) => ofStep(run, at));
  return named(workflowId, joined(effects));
}

/** Of the rollback of a release that has come through `through`. */
export function backward(run: Run, through: string): Effects {
  const { plan, version, stable, baseline } = run;
  const last = plan.findIndex(({ name }) => name === through);
  const done = plan.slice(0, last + 1);
  const undone = done
    .filter((step) => step.kind === 'hook' && step.hook.undo !== undefined)
    .map(({ name }) => `undo-${name}`)
    .toReversed();
  const told: Effects = { ...NOTHING, messages: [...undone, 'ended'] };
  const batch = done.findLast((step) => step.kind === 'batch');
  if (batch?.kind === 'batch' && stable !== null) {
    const removed: Effects = { ...NOTHING, processes: [`remove-${version}`] };
    return named(run.back, joined([batchesBack(run, batch.to, stable), removed, told]));
  }
  const bad = [version, ...(baseline === null ? [] : [baseline])];
  return named(
    run.back,
    joined([{ ...NOTHING, writes: ['switch'] }, ...bad.map((one) => removalOf(one)), told]),
  );
}

/** Of a release that ends before any user has met it. */
export function abandoned({ workflowId, version, stable, plan }: Run): Effects {
  const isRolling = plan.some(({ kind }) => kind === 'batch');
  const removal: Effects =
    stable === null || isRolling
      ? { ...NOTHING, processes: [`remove-${version}`] }
      : removalOf(version);
  return named(workflowId, joined([removal, { ...NOTHING, messages: ['ended'] }]));
}

/** Of a batch whose new instances are bad: there, and back again at once. */
export function undoneBatch(run: Run, name: string): Effects {
  const { plan, stable, version, desired, workflowId } = run;
  const step = plan.find((one) => one.name === name);
  if (step?.kind !== 'batch' || stable === null) throw new RangeError(`${name} is no batch`);
  const { from, to } = step;
  const there = ofBatch(name, { from, to, desired, starts: version, surge: false });
  const back = ofBatch(`${name}/undo-`, {
    ...{ from: desired - to, to: desired - from },
    ...{ desired, starts: stable, surge: false },
  });
  return named(workflowId, joined([{ ...there, writes: there.writes.slice(0, 1) }, back]));
}

export function joined(all: readonly Effects[]): Effects {
  return {
    writes: all.flatMap(({ writes }) => writes),
    processes: all.flatMap(({ processes }) => processes),
    messages: all.flatMap(({ messages }) => messages),
    starts: all.flatMap(({ starts }) => starts),
  };
}

function ofStep(run: Run, at: number): Effects {
  const { plan, version, stable, baseline, desired, surge } = run;
  const step = plan[at];
  if (step === undefined) return NOTHING;
  switch (step.kind) {
    case 'deploy':
      return {
        ...NOTHING,
        writes: stable === null ? [] : ['register'],
        processes: ['deploy', ...(baseline === null ? [] : ['deploy-baseline'])],
        starts: [version, ...(baseline === null ? [] : [baseline])].flatMap((one) =>
          times(step.instances, one),
        ),
      };
    case 'hook':
      return { ...NOTHING, messages: [`${step.hook.when.replaceAll(' ', '-')}-${step.name}`] };
    case 'gate':
      return step.gate.kind === 'person'
        ? { ...NOTHING, messages: [`gate-${step.name}-${at}`] }
        : NOTHING;
    case 'scale': {
      const more = step.instances - instancesAt(plan, at);
      const isSpread = plan[at + 1]?.kind !== 'weight' && hasWeight(plan, at);
      return {
        ...NOTHING,
        writes: isSpread ? ['spread'] : [],
        processes: [`scale-${step.instances}`],
        starts: times(more, version),
      };
    }
    case 'weight': {
      const isSwitch = step.weightPercent === 100 && step.phase === 'switching';
      return { ...NOTHING, writes: [isSwitch ? 'switch' : `weight-${step.weightPercent}`] };
    }
    case 'match':
    case 'mirror':
      return { ...NOTHING, writes: [step.name] };
    case 'batch':
      return ofBatch(step.name, { from: step.from, to: step.to, desired, starts: version, surge });
    case 'retire':
      return retired(run);
    case 'prove':
    case 'validate':
    case 'affinity':
    case 'stay':
    case 'compare':
    case 'promote':
    case 'keep':
      return NOTHING;
    default:
      return step satisfies never;
  }
}

/** People are told that it serves before the version before is removed. */
function retired({ plan, stable, baseline }: Run): Effects {
  const told: Effects = { ...NOTHING, messages: ['promoted'] };
  if (stable === null) return told;
  const isRolling = plan.some(({ kind }) => kind === 'batch');
  if (isRolling) return { ...told, processes: [`remove-${stable}`] };
  return joined([told, ...[stable, ...(baseline === null ? [] : [baseline])].map(removalOf)]);
}

function removalOf(version: string): Effects {
  return { ...NOTHING, writes: [`unregister-${version}`], processes: [`remove-${version}`] };
}

interface Batch {
  readonly from: number;
  readonly to: number;
  readonly desired: number;
  /** The version that comes. */
  readonly starts: string;
  readonly surge: boolean;
}

/** In place, unless nobody would be left to serve. */
function ofBatch(name: string, { from, to, desired, starts, surge }: Batch): Effects {
  const prefix = name.endsWith('-') ? name : `${name}/`;
  const isSurge = surge || from + desired - to === 0;
  const effects = (names: readonly string[]) => names.map((one) => `${prefix}${one}`);
  return {
    ...NOTHING,
    writes: effects(isSurge ? ['put-in'] : ['take-out', 'put-in']),
    processes: effects(isSurge ? ['start', 'end'] : ['end', 'start']),
    starts: times(to - from, starts),
  };
}

/** A batch at a time and the newest first, as a rollback does it. */
function batchesBack({ plan, desired, surge }: Run, candidates: number, stable: string): Effects {
  const first = plan.find((step) => step.kind === 'batch');
  const size = first?.kind === 'batch' ? first.to - first.from : desired;
  const all: Effects[] = [];
  for (let left = candidates; left > 0; left -= size) {
    const next = Math.max(0, left - size);
    const sides = { from: desired - left, to: desired - next };
    all.push(ofBatch(`batch-back-${left}`, { ...sides, desired, starts: stable, surge }));
  }
  return joined(all);
}

function instancesAt(plan: readonly Step[], at: number): number {
  const before = plan.slice(0, at).findLast(({ kind }) => kind === 'deploy' || kind === 'scale');
  return before?.kind === 'deploy' || before?.kind === 'scale' ? before.instances : 0;
}

function hasWeight(plan: readonly Step[], at: number): boolean {
  return plan.slice(0, at).some((step) => step.kind === 'weight' && step.weightPercent > 0);
}

function times(count: number, version: string): readonly string[] {
  return Array.from({ length: Math.max(0, count) }, () => version);
}

function named(workflowId: string, effects: Effects): Effects {
  const full = (names: readonly string[]) => names.map((name) => `${workflowId}/${name}`);
  return {
    writes: full(effects.writes),
    processes: full(effects.processes),
    messages: full(effects.messages),
    starts: effects.starts,
  };
}
