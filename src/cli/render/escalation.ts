import type { PlannedPage } from '../../domain/escalation/plan-level.ts';
import type {
  SimulatedEvent,
  Simulation,
  SimulationRequest,
} from '../../domain/escalation/simulate.ts';
import { timeText } from '../../domain/oncall/zone-clock.ts';
import { formatDuration } from '../../domain/quantity.ts';
import { columns } from './style.ts';

export interface Simulated extends Simulation {
  readonly asked: SimulationRequest;
  /** Whose clocks the times are of. */
  readonly timeZone: string;
}

/** A simulated escalation for a person: every page, to the second. */
export function renderSimulation({ events, end, asked, timeZone }: Simulated): string {
  const { policy, severity, fromMs } = asked;
  const when = (atMs: number): readonly string[] => [
    timeText(atMs, timeZone),
    formatDuration(atMs - fromMs),
  ];
  const rows = events.flatMap((event) => rowsOf(event, when(event.atMs)));
  const notes = new Set(
    events.flatMap((event) =>
      event.kind === 'level' ? event.missing.map((text) => `level ${event.level}: ${text}`) : [],
    ),
  );
  return [
    `${policy.name}, ${severity}, if nobody answers; times of ${timeZone}\n`,
    columns([['at', 'after', 'level', 'who', 'by', 'fallback'], ...rows]),
    '',
    `${[...when(end.atMs)].join('  ')}  ${endText(end, policy.onExhausted)}`,
    ...[...notes].map((note) => `note: ${note}`),
    '',
  ].join('\n');
}

function rowsOf(event: SimulatedEvent, at: readonly string[]): readonly (readonly string[])[] {
  switch (event.kind) {
    case 'level': {
      const { level, levels, round, rounds, override, pages } = event;
      const by = override === null ? '' : `, override ${override + 1}`;
      const title = [...at, `${level} of ${levels}, round ${round} of ${rounds}${by}`];
      if (pages.length > 0) return pagesUnder(title, pages);
      return [[...title, 'nobody', event.later > 0 ? '' : 'goes on at once']];
    }
    case 'later':
      return pagesUnder([...at, `${event.level}, by their own rules`], event.pages);
    case 'deferred':
      return [[...at, 'waits for business hours', 'nobody']];
    case 'exhausted':
      return event.lastResort.map((channel, index) => [
        ...(index === 0 ? [...at, 'last resort'] : ['', '', '']),
        '–',
        channel,
      ]);
    default:
      return event satisfies never;
  }
}

function pagesUnder(
  title: readonly string[],
  pages: readonly PlannedPage[],
): readonly (readonly string[])[] {
  return pages.map(({ person, channel, contact, fallbacks }, index) => [
    ...(index === 0 ? title : title.map(() => '')),
    person ?? '–',
    contact === null ? channel : `${channel} (${contact})`,
    fallbacks.join(', '),
  ]);
}

function endText({ kind }: Simulation['end'], onExhausted: 'fail' | 'go_on'): string {
  switch (kind) {
    case 'never_acknowledged':
      return 'NeverAcknowledged: the incident ends as failed';
    case 'goes_on':
      return `nobody has answered: all of it begins again (on_exhausted: ${onExhausted})`;
    case 'until':
      return 'it goes on: ask for more by --for';
    case 'cut':
      return 'it goes on; this is as much as is told at once';
    default:
      return kind satisfies never;
  }
}
