import type { Progress, TimelineEntry } from '../../domain/release/progress.ts';
import { shortId } from './short-id.ts';
import { type Style, clock, span, toned } from './style.ts';
import { renderWaiting } from './waiting.ts';

/** One entry of a live timeline. */
export function renderEntry({ atMs, phase, text }: TimelineEntry, style: Style): string {
  return `${style.faint(clock(atMs))}  ${phase.padEnd(12)}  ${text}`;
}

/** One line that says where a run stands now. */
export function renderStatusLine(progress: Progress, nowMs: number): string {
  const { workflowId, phase, phaseSinceMs, phaseUntilMs, steps, at } = progress;
  const time =
    phaseUntilMs === undefined
      ? `for ${span(nowMs - phaseSinceMs)}`
      : `${span(phaseUntilMs - nowMs)} to go`;
  const verdict = progress.verdict === undefined ? '' : `, verdict ${progress.verdict.kind}`;
  const step = steps[at];
  const where = step === undefined ? '' : ` at ${step.name} (${at + 1} of ${steps.length})`;
  const waits = renderWaiting(progress, nowMs);
  const why = waits === undefined ? '' : `; waits ${waits}`;
  return `${workflowId} ${phase}${where} ${time}, ${renderWeights(progress)}${verdict}${why}${renderIncidentOf(progress)}`;
}

export function renderWeights({ weights }: Pick<Progress, 'weights'>): string {
  if (weights.length === 0) return 'traffic not moved yet';
  return weights.map(({ version, weightPercent }) => `${version} ${weightPercent} %`).join(', ');
}

export function renderEnd(progress: Progress, style: Style): string {
  const { workflowId, outcome, reason, startedAtMs, endedAtMs } = progress;
  const took = endedAtMs === undefined ? '' : ` after ${span(endedAtMs - startedAtMs)}`;
  return `${workflowId} ${toned(style, outcome ?? 'running')}${took}: ${reason ?? ''}${renderIncidentOf(progress)}`;
}

/** As `belay incident` takes it. */
function renderIncidentOf({ incident }: Progress): string {
  return incident === undefined ? '' : `; incident ${shortId(incident)}`;
}
