import { type Command, InvalidArgumentError, Option } from 'commander';
import { stringify } from 'yaml';
import { nearest } from '../../domain/document/nearest.ts';
import { formatProblem } from '../../domain/document/problem.ts';
import { Failure } from '../../domain/failure.ts';
import { exportIcal } from '../../domain/oncall/ical-export.ts';
import { readIcal } from '../../domain/oncall/ical-import.ts';
import {
  LOOK_MAX_MS,
  gapsBetween,
  nextHandOff,
  onCallAt,
  shiftsBetween,
  shiftsFromBeginning,
} from '../../domain/oncall/on-call.ts';
import { requireSchedules } from '../../domain/oncall/read-schedules.ts';
import { scheduleDocument } from '../../domain/oncall/schedule-document.ts';
import { SCHEDULE_NAME } from '../../domain/oncall/schedule-name.schema.ts';
import { remarksOnSchedule } from '../../domain/oncall/schedule-remarks.ts';
import type { Schedule } from '../../domain/oncall/schedule.schema.ts';
import { timeText } from '../../domain/oncall/zone-clock.ts';
import type { CliDeps } from '../deps.ts';
import { pagingOption, pagingSource, readText } from '../paging-source.ts';
import { renderGaps, renderRemark, renderShifts, renderWho } from '../render/oncall.ts';
import { type AddCommand, printJson } from './command.ts';
import { timeOf, zoneNamed } from './time-option.ts';

const DAY_MS = 86_400_000;
const DAYS_MAX = LOOK_MAX_MS / DAY_MS;

const HELP = `
The paging file has the schedules; people are optional here:
  people: { ada: {}, bob: {}, eve: {} }
  schedules:
    primary:
      time_zone: Europe/Berlin
      layers:
        - rotation: { every: weekly, starts: 2026-01-05T09:00 }
          members: [ada, bob]
      overrides:
        - { from: 2026-12-24T09:00, to: 2026-12-27T09:00, person: eve }

A TIME is RFC 3339 (2026-03-01T10:00:00Z), or what the clocks of the schedule's zone show
(2026-03-01T10:00), or a day for its midnight.

Example:
  $ belay oncall who primary
  $ belay oncall who primary --at 2026-12-24T12:00
  $ belay oncall shifts primary --from 2026-12-01 --to 2027-01-01
  $ belay oncall gaps primary --days 90        exits 1 where nobody is on call: for a build
  $ belay oncall export primary > primary.ics
  $ belay oncall import rota.ics > rota.yaml

Exit status: 0 done; 1 nobody is on call; 2 usage, paging file or calendar.
`;

interface Asked {
  readonly file: string;
  readonly json?: boolean;
}

interface Span {
  readonly from?: string;
  readonly to?: string;
}

export const addOncall: AddCommand = (program, deps, exit) => {
  const oncall = program
    .command('oncall')
    .usage('COMMAND [options]')
    .description('Who is on call, when nobody is, and calendars. Connects to nothing.')
    .addHelpText('after', HELP);
  for (const add of [addWho, addShifts, addGaps, addExport, addImport]) add(oncall, deps, exit);
};

function about(oncall: Command, deps: CliDeps, name: string, description: string): Command {
  return oncall
    .command(name)
    .argument('<schedule>', 'its name in the paging file')
    .description(description)
    .addOption(pagingOption(deps));
}

const addWho: AddCommand = (oncall, deps, exit) => {
  about(oncall, deps, 'who', 'Who is on call, and who is next. Exits 1 where nobody is.')
    .option('--at <time>', 'when; default: now')
    .option('--json', 'JSON instead of text')
    .action((name: string, options: Asked & { at?: string }, command: Command) => {
      const { schedule } = find(name, options, command, deps);
      const { timeZone } = schedule;
      const atMs = timeOf(options.at, '--at', schedule.timeZone, command) ?? deps.now();
      const persons = onCallAt(schedule, atMs);
      const next = nextHandOff(schedule, atMs);
      if (options.json === true) {
        const then = next === null ? null : { at: timeText(next.atMs, timeZone), persons: next.to };
        printJson(deps, { at: timeText(atMs, timeZone), persons, next: then });
      } else deps.out(renderWho({ name, schedule, atMs, persons, next }));
      exit(persons.length === 0 ? 1 : 0);
    });
};

const addShifts: AddCommand = (oncall, deps, exit) => {
  about(oncall, deps, 'shifts', 'Every shift within a time, with what put people there.')
    .option('--from <time>', 'default: now')
    .option('--to <time>', 'default: 30 days later; at most 400')
    .option('--json', 'JSON instead of text')
    .action((name: string, options: Asked & Span, command: Command) => {
      const { schedule } = find(name, options, command, deps);
      const { fromMs, toMs } = spanOf(options, 30, schedule, command, deps);
      const shifts = shiftsBetween(schedule, fromMs, toMs);
      if (options.json === true) printJson(deps, inZone(shifts, schedule));
      else deps.out(renderShifts(shifts, schedule));
      exit(0);
    });
};

const addGaps: AddCommand = (oncall, deps, exit) => {
  const what = 'When nobody is on call, and what is hardly meant. Exits 1 where there is a gap.';
  about(oncall, deps, 'gaps', what)
    .addOption(
      new Option('--days <n>', 'how far to look from now, at most 400')
        .argParser(daysOf)
        .default(90),
    )
    .option('--json', 'JSON instead of text')
    .action((name: string, options: Asked & { days: number }, command: Command) => {
      const { schedule, remarks } = find(name, options, command, deps);
      const fromMs = deps.now();
      const gaps = gapsBetween(schedule, fromMs, fromMs + options.days * DAY_MS);
      const others = remarksOnSchedule(schedule, fromMs).filter(({ kind }) => kind !== 'gaps');
      if (options.json === true) {
        printJson(deps, { gaps: inZone(gaps, schedule), remarks: others });
      } else {
        deps.out(renderGaps(gaps, options.days, schedule));
        for (const remark of others) deps.out(renderRemark(remark));
        for (const remark of remarks) deps.out(`note: ${remark}\n`);
      }
      exit(gaps.length === 0 ? 0 : 1);
    });
};

const addExport: AddCommand = (oncall, deps, exit) => {
  about(
    oncall,
    deps,
    'export',
    'The shifts as a calendar (iCalendar, RFC 5545) on the standard output.',
  )
    .option('--from <time>', 'default: now')
    .option('--to <time>', 'default: 90 days later; at most 400')
    .option('--json', 'the calendar as text within JSON')
    .action((name: string, options: Asked & Span, command: Command) => {
      const { schedule } = find(name, options, command, deps);
      const { fromMs, toMs } = spanOf(options, 90, schedule, command, deps);
      const shifts = shiftsFromBeginning(schedule, fromMs, toMs);
      const { timeZone } = schedule;
      const ical = exportIcal({ name, timeZone, shifts, atMs: deps.now() });
      if (options.json === true) printJson(deps, { ical });
      else deps.out(ical);
      exit(0);
    });
};

const addImport: AddCommand = (oncall, deps, exit) => {
  oncall
    .command('import')
    .argument('<calendar>', 'iCalendar file (RFC 5545)')
    .description('The YAML of a schedule that a calendar is, to be put into a paging file.')
    .addOption(
      new Option('--time-zone <zone>', 'of days and times that name none themselves')
        .argParser(zoneNamed)
        .default('UTC'),
    )
    .addOption(
      new Option('--name <name>', 'of the schedule').argParser(scheduleNamed).default('imported'),
    )
    .option('--json', 'JSON instead of YAML')
    .action((file: string, options: ImportOptions) => exit(importIcal(file, options, deps)));
};

interface ImportOptions {
  readonly timeZone: string;
  readonly name: string;
  readonly json?: boolean;
}

function importIcal(file: string, { timeZone, name, json }: ImportOptions, deps: CliDeps): number {
  const read = readIcal({ text: readText(file, deps), file, timeZone, people: [] });
  if (read.kind === 'invalid') {
    throw new Failure('PagingFileInvalid', read.problems.map(formatProblem).join('\n'));
  }
  const schedules = { [name]: scheduleDocument(read) };
  if (json === true) printJson(deps, { schedules, remarks: read.remarks });
  else {
    deps.out(read.remarks.map((remark) => `# ${remark}\n`).join(''));
    deps.out(stringify({ schedules }, { aliasDuplicateObjects: false }));
  }
  return 0;
}

interface Found {
  readonly schedule: Schedule;
  readonly remarks: readonly string[];
}

function find(name: string, { file }: Asked, command: Command, deps: CliDeps): Found {
  const source = pagingSource(file, deps);
  const { schedules, remarks } = requireSchedules(source, source.readFile);
  const schedule = Object.hasOwn(schedules, name) ? schedules[name] : undefined;
  if (schedule !== undefined) return { schedule, remarks };
  const known = Object.keys(schedules);
  const near = nearest(name, known);
  const hint = near === undefined ? `known: ${known.join(', ')}` : `did you mean ${near}?`;
  return command.error(`error: ${file} has no schedule "${name}": ${hint}`);
}

function spanOf(
  options: Span,
  days: number,
  schedule: Schedule,
  command: Command,
  deps: CliDeps,
): { readonly fromMs: number; readonly toMs: number } {
  const fromMs = timeOf(options.from, '--from', schedule.timeZone, command) ?? deps.now();
  const toMs = timeOf(options.to, '--to', schedule.timeZone, command) ?? fromMs + days * DAY_MS;
  if (toMs <= fromMs) command.error('error: --to is not after --from');
  if (toMs - fromMs > LOOK_MAX_MS) command.error(`error: at most ${DAYS_MAX} days at once`);
  return { fromMs, toMs };
}

function daysOf(text: string): number {
  const days = Number(text);
  if (Number.isInteger(days) && days >= 1 && days <= DAYS_MAX) return days;
  throw new InvalidArgumentError(`It is a number from 1 to ${DAYS_MAX}.`);
}

function scheduleNamed(text: string): string {
  if (SCHEDULE_NAME.test(text)) return text;
  throw new InvalidArgumentError('A name has letters, digits and . _ -, at most 64.');
}

/** Times as people read them, instead of milliseconds. */
function inZone<Item extends { readonly fromMs: number; readonly toMs: number }>(
  items: readonly Item[],
  { timeZone }: Schedule,
) {
  return items.map(({ fromMs, toMs, ...rest }) => ({
    from: timeText(fromMs, timeZone),
    to: timeText(toMs, timeZone),
    ...rest,
  }));
}
