import type { ServiceView } from '../../domain/release/commands.ts';
import type { Progress } from '../../domain/release/progress.ts';
import { renderAudit } from './audit.ts';
import { renderEnd, renderEntry, renderStatusLine } from './progress.ts';
import { renderQueue } from './queue.ts';
import { renderSteps } from './steps.ts';
import { type Style, columns, moment, span } from './style.ts';

/** What waits, then every run that the service remembers, newest first. */
export function renderHistory(
  { service, stable, runs, active, queue }: ServiceView,
  style: Style,
): string {
  const head = `${style.strong(service)}  stable: ${stable ?? 'nothing yet'}`;
  const all =
    active === undefined || runs.some((run) => run.number === active.number)
      ? runs
      : [active, ...runs];
  const waiting = renderQueue(queue);
  const top = waiting === '' ? head : `${head}\n\n${waiting}`;
  if (all.length === 0) return `${top}\n\nNothing has been released yet.\n`;
  const rows = all.map((run) => [
    String(run.number),
    run.kind,
    run.version,
    run.outcome ?? 'running',
    moment(run.startedAtMs),
    run.endedAtMs === undefined ? '-' : span(run.endedAtMs - run.startedAtMs),
    run.who,
    run.reason ?? run.why,
  ]);
  const titles = ['#', 'kind', 'version', 'outcome', 'started', 'took', 'who', 'reason'];
  return `${top}\n\n${columns([titles, ...rows])}\n`;
}

/** All that is known of one run: every step, what people asked, and the whole timeline. */
export function renderRun(progress: Progress, nowMs: number, style: Style): string {
  const timeline = progress.timeline.map((entry) => `  ${renderEntry(entry, style)}`);
  const parts = [
    progress.outcome === undefined ? renderStatusLine(progress, nowMs) : renderEnd(progress, style),
    renderSteps(progress, nowMs, 'all'),
    renderAudit(progress.audit),
    timeline.length === 0 ? undefined : `timeline\n${timeline.join('\n')}`,
  ];
  return `${parts.filter((part) => part !== undefined).join('\n\n')}\n`;
}

/** One line a service. */
export function renderServices(views: readonly ServiceView[]): string {
  if (views.length === 0) return 'No service has been released yet: belay deploy FILE\n';
  const rows = views.map(({ service, stable, active, runs, queue }) => [
    service,
    stable ?? '-',
    active === undefined ? '-' : `${active.workflowId} (${active.version})`,
    String(queue.length),
    runs[0]?.outcome ?? '-',
  ]);
  const titles = ['service', 'stable', 'running now', 'waiting', 'last outcome'];
  return `${columns([titles, ...rows])}\n`;
}
