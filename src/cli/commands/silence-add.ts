import { randomUUID } from 'node:crypto';
import { type SilenceRequest, setSilence } from '../../domain/alerting/silence.ts';
import { renderSilence } from '../render/silences.ts';
import { type Asking, addAsking, repeatable } from './asking.ts';
import { type AddCommand, printJson, withClient } from './command.ts';
import { matchersOf } from './matchers-argument.ts';
import { type Span, addSpan, commentOption, commentedBy, endOf } from './silence-options.ts';
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
