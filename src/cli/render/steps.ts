import { formatDuration } from '../../domain/quantity.ts';
import type { Progress, StepView } from '../../domain/release/progress.ts';
import { columns, span } from './style.ts';

/** One screen has room for the step before the present one and so many after it. */
const BEFORE = 1;
const AFTER = 3;

/** The steps of a run: done, current and ahead. `around` keeps those near the current one. */
export function renderSteps(
  progress: Progress,
  nowMs: number,
  shown: 'all' | 'around',
): string | undefined {
  const { steps, at } = progress;
  if (steps.length === 0) return undefined;
  const from = shown === 'all' ? 0 : Math.max(0, Math.min(at, steps.length - 1) - BEFORE);
  const to = shown === 'all' ? steps.length : Math.min(steps.length, from + BEFORE + 1 + AFTER);
  const rows = steps
    .slice(from, to)
    .map((step, index) => rowOf(step, from + index, progress, nowMs));
  const title = `steps (${Math.min(at + 1, steps.length)} of ${steps.length})`;
  const before = from === 0 ? [] : [`  … ${from} before`];
  const after = to === steps.length ? [] : [`  … ${steps.length - to} after`];
  return [title, ...before, columns(rows), ...after].join('\n');
}

function rowOf(
  step: StepView,
  index: number,
  { at, phaseUntilMs, outcome }: Progress,
  nowMs: number,
): readonly string[] {
  const weight = step.weightPercent === undefined ? '' : `${step.weightPercent} %`;
  const forMs = step.forMs ?? 0;
  const length = forMs === 0 ? '' : `for ${formatDuration(forMs)}`;
  if (index < at) return ['  done', step.name, weight, length];
  if (index > at || outcome !== undefined) return ['  ahead', step.name, weight, length];
  const isTimed = phaseUntilMs !== undefined && phaseUntilMs > nowMs;
  return ['  now', step.name, weight, isTimed ? `${span(phaseUntilMs - nowMs)} to go` : length];
}
