import type { Progress } from './progress.ts';

/** Temporal shows at most 20,000 bytes of details; the newest entries matter most. */
const DETAILS_MAX_CHARACTERS = 8000;

/** The current details of a run as Markdown: where it stands, then what happened, newest last. */
export function renderTimeline(progress: Progress): string {
  const head = [
    `**${progress.service} ${progress.version}** · ${progress.kind} ${progress.number} · ` +
      `${progress.strategy} · by ${oneLine(progress.who)}: ${oneLine(progress.why)}`,
    '',
    `| phase | since | traffic | fallback |`,
    `| --- | --- | --- | --- |`,
    `| ${progress.phase} | ${clock(progress.phaseSinceMs)} | ${weights(progress)} | ` +
      `${progress.fallback ?? 'none'} |`,
  ];
  if (progress.verbs.length > 0) head.push('', `A person can now: ${progress.verbs.join(', ')}.`);
  if (progress.outcome !== undefined) {
    head.push('', `**${progress.outcome}**: ${oneLine(progress.reason ?? '')}`);
  }
  head.push('');
  const lines = progress.timeline.map(
    (entry) => `- \`${clock(entry.atMs)}\` ${entry.phase}: ${oneLine(entry.text)}`,
  );
  while (lines.length > 1 && lines.join('\n').length > DETAILS_MAX_CHARACTERS) lines.shift();
  return [...head, ...lines].join('\n');
}

function weights(progress: Progress): string {
  if (progress.weights.length === 0) return 'not known yet';
  return progress.weights.map((side) => `${side.version} ${side.weightPercent} %`).join(', ');
}

function clock(ms: number): string {
  return `${new Date(ms).toISOString().slice(11, 19)}Z`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').slice(0, 500);
}
