import { randomUUID } from 'node:crypto';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type SilenceRequest, setSilence } from '../../domain/alerting/silence.ts';
import { durationMs } from '../../domain/quantity.ts';
import { renderSilence } from '../render/silences.ts';
import { type Asking, addAsking, repeatable, requestOf } from './asking.ts';
import { type AddCommand, printJson, withClient } from './command.ts';
import { matchersOf } from './matchers-argument.ts';
import { timeOf, zoneHere } from './time-option.ts';

const HELP = `
Matchers are those of amtool, and all must match: label=value, !=, =~ and !~; a first one without a
sign is the value of alertname. A label that is missing counts as empty. It returns when every shard
holds back what it matches. A TIME is RFC 3339, or what the clocks here show.

Example:
  $ belay silence add alertname=Down instance=~"db-.*" --for 2h --comment "new disks"
  $ belay silence add Down --ends 2026-03-01T12:00 --comment "until noon"
  $ belay silence add team=data --starts 2026-03-01T22:00 --for 3h --comment "the move" --who ada

Exit status: 0 done; 2 usage; 3 refused now; 5 Temporal, a worker or the alerting file is missing.
`;

/** When a silence begins and ends. */
export interface Span {
  readonly for?: number;
  readonly starts?: string;
  readonly ends?: string;
}

interface Options extends Asking, Span {
  readonly comment?: string;
  readonly json?: boolean;
}

export const addAdd: AddCommand = (silence, deps, exit) => {
  const command = silence
    .command('add')
    .argument('<matchers...>', 'of the alerts to hold back; all must match')
    .description('Hold back pages for alerts that all of these match.')
    .addHelpText('after', HELP);
  addSpan(command);
  command.addOption(commentOption('why, shown with it (or --why)'));
  addAsking(command)
    .option('--json', 'JSON instead of text')
    .action(async (written: readonly string[], options: Options) => {
      const request = { requestId: randomUUID(), ...commentedBy(command, options, deps.user) };
      const nowMs = deps.now();
      // Its beginning is what the clock of the server shows, unless somebody names another.
      const startsAtMs = timeOf(options.starts, '--starts', zoneHere(), command) ?? 0;
      const endsAtMs = endOf(options, Math.max(nowMs, startsAtMs), command);
      if (endsAtMs === undefined) {
        return command.error('error: say for how long: --for 2h, or --ends 2026-03-01T12:00');
      }
      const asked: SilenceRequest = {
        ...{ id: null, matcherSets: [matchersOf(written, command, deps)], startsAtMs, endsAtMs },
        ...{ createdBy: request.who, comment: request.why },
      };
      const checked = setSilence({}, asked, nowMs, 'new');
      if (checked.kind !== 'set') command.error(`error: ${checked.message}`);
      const made = await withClient(deps, (client) =>
        repeatable(request.requestId, () => client.alerts.silence({ ...request, silence: asked })),
      );
      if (options.json === true) printJson(deps, made);
      else deps.out(renderSilence(made, nowMs));
      exit(0);
    });
};

export function addSpan(command: Command): void {
  command
    .addOption(
      new Option('--for <time>', 'how long, like 2h').argParser(timeOfDuration).conflicts('ends'),
    )
    .option('--ends <time>', 'when it ends')
    .option('--starts <time>', 'when it begins; default: now');
}

/** The same as `--why`, in the words of amtool. */
export function commentOption(text: string): Option {
  return new Option('--comment <text>', text).conflicts(['why', 'reason']);
}

export function commentedBy(
  command: Command,
  options: Asking & { readonly comment?: string },
  user: string,
  otherwise?: string,
) {
  const { comment, ...asking } = options;
  return requestOf(
    command,
    comment === undefined ? asking : { ...asking, why: comment },
    user,
    otherwise,
  );
}

/** When it ends, where that has been said. */
export function endOf(
  { for: forMs, ends }: Span,
  fromMs: number,
  command: Command,
): number | undefined {
  if (forMs !== undefined) return fromMs + forMs;
  return timeOf(ends, '--ends', zoneHere(), command);
}

function timeOfDuration(text: string): number {
  const ms = durationMs(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new InvalidArgumentError('It is a duration like 90s, 30m or 1h30m.');
}
