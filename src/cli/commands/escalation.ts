import { type Command, InvalidArgumentError, Option } from 'commander';
import { nearest } from '../../domain/document/nearest.ts';
import { SEVERITIES, type Severity } from '../../domain/escalation/severity.ts';
import { type SimulatedEvent, simulate } from '../../domain/escalation/simulate.ts';
import type { PolicySnapshot } from '../../domain/escalation/snapshot.ts';
import { timeText } from '../../domain/oncall/zone-clock.ts';
import { type Paging, requirePaging } from '../../domain/paging/paging-file.ts';
import { rosterOf } from '../../domain/paging/roster.ts';
import { snapshotOf } from '../../domain/paging/snapshot-of.ts';
import { zoneOf } from '../../domain/paging/zone-of.ts';
import { durationMs, formatDuration } from '../../domain/quantity.ts';
import type { CliDeps } from '../deps.ts';
import { pagingOption, pagingSource } from '../paging-source.ts';
import { type Simulated, renderSimulation } from '../render/escalation.ts';
import { type AddCommand, printJson } from './command.ts';
import { addLint } from './escalation-lint.ts';
import { timeOf, zoneNamed } from './time-option.ts';

const FOR_MAX_MS = 400 * 86_400_000;

const HELP = `
The paging file has the policies, and all that they name:
  people:
    ada: { contacts: { mail: { channel: ops-mail, to: ada@example.org } } }
  channels:
    ops-mail: { type: email, host: mail.example.org, from: belay@example.org, to: [ops@example.org] }
  policies:
    checkout:
      levels:
        - { wait: 5m, targets: [{ person: ada }] }
        - { wait: 10m, targets: [{ channel: ops-mail }] }
      repeat: 1
  last_resort: [ops-mail]

A TIME is RFC 3339 (2026-03-01T10:00:00Z), or what the clocks of the policy's zone show
(2026-03-01T10:00), or a day for its midnight. That zone is the one of the first schedule which the
policy names, else of its business hours, else UTC.

Example:
  $ belay escalation simulate checkout --at 2026-03-08T01:30
  $ belay escalation simulate checkout --at 2026-03-07T22:00 --severity warning --for 12h
  $ belay escalation lint

Exit status: 0 done; 1 lint has found errors; 2 usage or paging file.
`;

export const addEscalation: AddCommand = (program, deps, exit) => {
  const escalation = program
    .command('escalation')
    .usage('COMMAND [options]')
    .description('Who would be paged when, and what is wrong with it. Connects to nothing.')
    .addHelpText('after', HELP);
  for (const add of [addSimulate, addLint]) add(escalation, deps, exit);
};

interface Options {
  readonly file: string;
  readonly at?: string;
  readonly severity: Severity;
  readonly for?: number;
  readonly turn: number;
  readonly timeZone?: string;
  readonly json?: boolean;
}

const addSimulate: AddCommand = (escalation, deps, exit) => {
  escalation
    .command('simulate')
    .argument('<policy>', 'its name in the paging file')
    .description('Who would be paged when, to the second, if nobody answered.')
    .addOption(pagingOption(deps))
    .option('--at <time>', 'when the incident is opened; default: now')
    .addOption(
      new Option('--severity <severity>', 'of the incident')
        .choices(SEVERITIES)
        .default('critical' satisfies Severity),
    )
    .addOption(
      new Option(
        '--for <duration>',
        'how far to look, like 12h, at most 400d; default: until nobody has answered',
      ).argParser(forMs),
    )
    .addOption(
      new Option('--turn <n>', 'whose turn it is in a team; an incident takes it from its key')
        .argParser(turnOf)
        .default(0),
    )
    .addOption(
      new Option('--time-zone <zone>', "whose clocks are shown; default: the policy's").argParser(
        zoneNamed,
      ),
    )
    .option('--json', 'JSON instead of text')
    .action((name: string, options: Options, command: Command) => {
      const paging = requirePaging(pagingSource(options.file, deps));
      const policy = find(paging, name, options.file, command);
      const simulated = simulatedBy(paging, policy, options, command, deps);
      if (options.json === true) printJson(deps, inZone(simulated));
      else deps.out(renderSimulation(simulated));
      exit(0);
    });
};

function find(paging: Paging, name: string, file: string, command: Command): PolicySnapshot {
  const policy = snapshotOf(paging, name);
  if (policy !== undefined) return policy;
  const known = Object.keys(paging.policies);
  const near = nearest(name, known);
  const hint = near === undefined ? `known: ${known.join(', ')}` : `did you mean ${near}?`;
  return command.error(`error: ${file} has no policy "${name}": ${hint}`);
}

function simulatedBy(
  paging: Paging,
  policy: PolicySnapshot,
  options: Options,
  command: Command,
  deps: CliDeps,
): Simulated {
  const timeZone = options.timeZone ?? zoneOf(paging, policy);
  const fromMs = timeOf(options.at, '--at', timeZone, command) ?? deps.now();
  const { severity, turn } = options;
  const toMs = options.for === undefined ? null : fromMs + options.for;
  const asked = { policy, severity, turn, fromMs, toMs };
  return { ...simulate(rosterOf(paging), asked), asked, timeZone };
}

/** Times as people read them, instead of milliseconds. */
function inZone({ events, end, asked, timeZone }: Simulated) {
  const { policy, severity, turn, fromMs } = asked;
  const when = (ms: number) => ({
    at: timeText(ms, timeZone),
    after: formatDuration(ms - fromMs),
  });
  return {
    policy: policy.name,
    severity,
    turn,
    timeZone,
    at: timeText(fromMs, timeZone),
    events: events.map((event: SimulatedEvent) => {
      const { kind, atMs, ...rest } = event;
      if (kind !== 'deferred') return { kind, ...when(atMs), ...rest };
      return { kind, ...when(atMs), until: timeText(event.untilMs, timeZone) };
    }),
    end: { kind: end.kind, ...when(end.atMs) },
  };
}

function forMs(text: string): number {
  const ms = durationMs(text);
  if (ms !== undefined && ms > 0 && ms <= FOR_MAX_MS) return ms;
  throw new InvalidArgumentError('A duration is written like 90m, 12h or 2d, at most 400d.');
}

function turnOf(text: string): number {
  const turn = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(turn)) return turn;
  throw new InvalidArgumentError('It is a whole number from 0.');
}
