import type { ServiceView } from '../../domain/release/commands.ts';
import { type Style, columns, moment, span } from './style.ts';

/** Every run that the service remembers, newest first. */
export function renderHistory(
  { service, stable, runs, active }: ServiceView,
  style: Style,
): string {
  const head = `${style.strong(service)}  stable: ${stable ?? 'nothing yet'}`;
  const all =
    active === undefined || runs.some((run) => run.number === active.number)
      ? runs
      : [active, ...runs];
  if (all.length === 0) return `${head}\n\nNothing has been released yet.\n`;
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
  return `${head}\n\n${columns([titles, ...rows])}\n`;
}

/** One line a service. */
export function renderServices(views: readonly ServiceView[]): string {
  if (views.length === 0) return 'No service has been released yet: belay deploy FILE\n';
  const rows = views.map(({ service, stable, active, runs }) => [
    service,
    stable ?? '-',
    active === undefined ? '-' : `${active.workflowId} (${active.version})`,
    runs[0]?.outcome ?? '-',
  ]);
  return `${columns([['service', 'stable', 'running now', 'last outcome'], ...rows])}\n`;
}
