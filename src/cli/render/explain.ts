import type { Finding } from '../../domain/judge/verdict.ts';
import type { WaitingRelease } from '../../domain/release/commands.ts';
import type { Progress } from '../../domain/release/progress.ts';
import { renderAudit } from './audit.ts';
import { nextSteps } from './next.ts';
import { renderEntry, renderWeights } from './progress.ts';
import { renderQueue } from './queue.ts';
import { renderSteps } from './steps.ts';
import { type Style, columns, moment, span, toned } from './style.ts';
import { renderWaiting } from './waiting.ts';

const ENTRIES_SHOWN = 6;
const AUDIT_SHOWN = 3;

/** What a phase is for: what Belay is doing, in one sentence. */
const DOING: Record<Progress['phase'], string> = {
  deploying: 'Starts the instances of the candidate beside the version that serves.',
  checking: 'Checks the health of every instance, then warms them up.',
  validating: 'Sends the same probe load to both versions and judges the candidate by it.',
  switching: 'Moves the traffic, and waits until the load balancer serves the change.',
  progressing: 'Gives the candidate more of the traffic, step by step, and judges it at each.',
  stabilizing: 'Watches the candidate under live traffic; a broken limit ends this at once.',
  held: 'Waits for a person. Both versions run and nothing changes by itself.',
  rolling_back: 'Takes the traffic back to the version that was good before.',
  verifying: 'Looks whether the version that traffic went back to is well.',
  cleaning_up: 'Removes the instances that have no traffic any more.',
  ended: 'Has ended.',
};

/** One screen: what a run is doing, why, and which verb helps next. */
export function renderExplain(
  progress: Progress,
  queue: readonly WaitingRelease[],
  nowMs: number,
  style: Style,
): string {
  const { service, version, phase, outcome, verdict, warnings, audit, timeline } = progress;
  const findings = verdict?.findings ?? [];
  const entries = timeline.slice(-ENTRIES_SHOWN).map((entry) => `  ${renderEntry(entry, style)}`);
  const parts = [
    `${style.strong(`${service} ${version}`)}  ${toned(style, outcome ?? phase)}`,
    columns(factsOf(progress, nowMs)),
    outcome === undefined ? renderSteps(progress, nowMs, 'around') : undefined,
    listed('evidence', findings.map(renderFinding)),
    listed(
      'warnings',
      warnings.map((text) => `  ${text}`),
    ),
    renderAudit(audit, AUDIT_SHOWN),
    listed('lately', entries),
    renderQueue(queue),
    listed('next', nextSteps(progress)),
  ];
  return `${parts.filter((part) => part !== undefined && part !== '').join('\n\n')}\n`;
}

function listed(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${title}\n${lines.join('\n')}`;
}

function factsOf(progress: Progress, nowMs: number): readonly (readonly string[])[] {
  const { workflowId, phase, phaseSinceMs, phaseUntilMs, outcome, preview } = progress;
  const facts: string[][] = [
    ['run', `${workflowId} (${progress.strategy}), asked by ${progress.who}: ${progress.why}`],
    ['phase', `${phase} since ${moment(phaseSinceMs)} (${span(nowMs - phaseSinceMs)})`],
    ['doing', DOING[phase]],
  ];
  const waits = renderWaiting(progress, nowMs);
  if (waits !== undefined) facts.push(['waits', waits]);
  else if (outcome === undefined && phaseUntilMs !== undefined && phaseUntilMs > nowMs) {
    facts.push(['until', `${moment(phaseUntilMs)}, ${span(phaseUntilMs - nowMs)} to go`]);
  }
  facts.push([
    'traffic',
    progress.weights.length === 0 ? 'not moved yet' : renderWeights(progress),
  ]);
  facts.push(['fallback', progress.fallback ?? 'none: there is no version to go back to']);
  if (preview !== undefined && outcome === undefined) facts.push(['preview', addressOf(preview)]);
  if (progress.rolledBackBy !== undefined) facts.push(['rollback', progress.rolledBackBy]);
  if (progress.incident !== undefined) facts.push(['incident', progress.incident]);
  if (outcome !== undefined) facts.push(['outcome', outcome], ['reason', progress.reason ?? '']);
  if (progress.verdict !== undefined) {
    const { kind, score } = progress.verdict;
    const health = score === undefined ? '' : `, health score ${score} of 100`;
    facts.push(['verdict', `${kind}${health}`]);
  }
  return facts;
}

/** As a command, so that it can be tried at once. */
function addressOf({ url, headers }: NonNullable<Progress['preview']>): string {
  const all = Object.entries(headers).map(([name, value]) => ` -H '${name}: ${value}'`);
  return `curl${all.join('')} ${url}`;
}

function renderFinding({ kind, severity, sentence }: Finding): string {
  const mark = { ok: 'ok', violation: 'BROKEN', no_data: 'NO DATA' }[kind];
  return `  ${mark.padEnd(8)}${severity.padEnd(9)} ${sentence}`;
}
