import type { Finding } from '../../domain/judge/verdict.ts';
import type { Progress, Verb } from '../../domain/release/progress.ts';
import { renderEntry, renderWeights } from './progress.ts';
import { type Style, columns, moment, span, toned } from './style.ts';

const ENTRIES_SHOWN = 8;

/** What a phase is for: what Belay is doing, in one sentence. */
const DOING: Record<Progress['phase'], string> = {
  deploying: 'Starts the instances of the candidate beside the version that serves.',
  checking: 'Checks the health of every instance, then warms them up.',
  validating: 'Sends the same probe load to both versions and judges the candidate by it.',
  switching: 'Moves the traffic, and waits until the load balancer serves the change.',
  stabilizing: 'Watches the candidate under live traffic; a broken limit ends this at once.',
  held: 'Waits for a person. Both versions run and nothing changes by itself.',
  rolling_back: 'Takes the traffic back to the version that was good before.',
  verifying: 'Looks whether the version that traffic went back to is well.',
  cleaning_up: 'Removes the instances that have no traffic any more.',
  ended: 'Has ended.',
};

/** One screen: what a run is doing, why, and which verb helps next. */
export function renderExplain(progress: Progress, nowMs: number, style: Style): string {
  const { service, version, workflowId, phase, phaseSinceMs, phaseUntilMs, outcome } = progress;
  const facts: string[][] = [
    ['run', `${workflowId} (${progress.strategy}), asked by ${progress.who}: ${progress.why}`],
    ['phase', `${phase} since ${moment(phaseSinceMs)} (${span(nowMs - phaseSinceMs)})`],
    ['doing', DOING[phase]],
  ];
  if (outcome === undefined && phaseUntilMs !== undefined && phaseUntilMs > nowMs) {
    facts.push(['until', `${moment(phaseUntilMs)}, ${span(phaseUntilMs - nowMs)} to go`]);
  }
  facts.push([
    'traffic',
    progress.weights.length === 0 ? 'not moved yet' : renderWeights(progress),
  ]);
  facts.push(['fallback', progress.fallback ?? 'none: there is no version to go back to']);
  if (progress.rolledBackBy !== undefined) facts.push(['rollback', progress.rolledBackBy]);
  if (outcome !== undefined) facts.push(['outcome', outcome], ['reason', progress.reason ?? '']);
  if (progress.verdict !== undefined) facts.push(['verdict', progress.verdict.kind]);
  const parts = [
    `${style.strong(`${service} ${version}`)}  ${toned(style, outcome ?? phase)}`,
    columns(facts),
  ];
  const findings = progress.verdict?.findings ?? [];
  if (findings.length > 0) parts.push(`evidence\n${findings.map(renderFinding).join('\n')}`);
  if (progress.warnings.length > 0) {
    parts.push(`warnings\n${progress.warnings.map((text) => `  ${text}`).join('\n')}`);
  }
  const entries = progress.timeline.slice(-ENTRIES_SHOWN);
  parts.push(`lately\n${entries.map((entry) => `  ${renderEntry(entry, style)}`).join('\n')}`);
  parts.push(`next\n${nextSteps(progress).join('\n')}`);
  return `${parts.join('\n\n')}\n`;
}

function renderFinding({ kind, severity, sentence }: Finding): string {
  const mark = { ok: 'ok', violation: 'BROKEN', no_data: 'NO DATA' }[kind];
  return `  ${mark.padEnd(8)}${severity.padEnd(9)} ${sentence}`;
}

const WHAT_IT_DOES: Record<Verb, string> = {
  abort: 'traffic back to what was stable, then the candidate is removed',
  promote: 'keeps the candidate although its watch did not pass',
};

function nextSteps(progress: Progress): readonly string[] {
  const { service, verbs, outcome, fallback } = progress;
  const steps = verbs.map((verb) => `  belay ${verb} ${service} --why "…"   ${WHAT_IT_DOES[verb]}`);
  if (steps.length > 0) return steps;
  switch (outcome) {
    case undefined:
      if (progress.warnings.length > 0) {
        return ['  mend what the last warning names; Belay goes on by itself'];
      }
      return [`  nothing to do; belay status ${service} --watch follows it`];
    case 'succeeded':
      return fallback === undefined
        ? ['  nothing to do']
        : [`  nothing to do; belay rollback ${service} --why "…" goes back to ${fallback}`];
    case 'rollback_unverified':
      return [
        '  look at the version that serves now: Belay could not see that it is well',
        `  belay rollback ${service} --to VERSION --why "…"   goes to another version`,
      ];
    case 'failed':
    case 'rolled_back':
    case 'aborted':
      // A rollback shows how stable is now; what was wrong with the other version is its reason.
      return progress.kind === 'rollback'
        ? [
            `  mend ${fallback ?? 'the version'} (${progress.why}), then belay deploy it again`,
            `  belay history ${service}   names its release; belay explain RELEASE has the evidence`,
          ]
        : ['  mend the version (reason and evidence are above), then belay deploy it again'];
    default:
      return outcome satisfies never;
  }
}
