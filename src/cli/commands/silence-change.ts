import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import type { BelayClient, Request } from '../../client/client.ts';
import {
  type Silence,
  type SilenceRequest,
  setSilence,
  stateOf,
} from '../../domain/alerting/silence.ts';
import { FAILURES, Failure } from '../../domain/failure.ts';
import { onOneLine, printable } from '../../domain/paging/page-words.ts';
import type { CliDeps } from '../deps.ts';
import { renderSilence } from '../render/silences.ts';
import { type Asking, addAsking, repeatable } from './asking.ts';
import { type AddCommand, example, printJson, withClient } from './command.ts';
import { silenceOf } from './silence-of.ts';
import { type Span, addSpan, commentOption, commentedBy, endOf } from './silence-options.ts';
import { timeOf, zoneHere } from './time-option.ts';

const UPDATE_HELP = `
What is not named stays as it is. --for counts from now, or from the beginning of a silence that has
not begun. One that is over, or whose beginning has passed and is to be another, ends, and another
one takes its place: its new id is printed.

Example:
  $ belay silence update 3f9ac0ff --for 4h
  $ belay silence update 3f9ac0ff 7be2aa10 --ends 2026-03-01T12:00 --comment "it takes longer"
`;

interface Options extends Asking, Span {
  readonly comment?: string;
  readonly json?: boolean;
}

export const addExpire: AddCommand = (silence, deps, exit) => {
  const command = silence
    .command('expire')
    .argument('<ids...>', 'of silences, or the first characters of each')
    .description('End silences now: what they held back is looked at again at once.')
    .addHelpText('after', example('belay silence expire 3f9ac0ff 7be2aa10 --why "it is done"'));
  addAsking(command)
    .option('--json', 'JSON instead of text')
    .action(async (ids: readonly string[], options: Options) => {
      const request = commentedBy(command, options, deps.user, 'ended by hand');
      exit(
        await withEach(
          ids,
          request,
          options,
          deps,
          ({ id }) =>
            (client, by) =>
              client.alerts.expire(id, by),
        ),
      );
    });
};

export const addUpdate: AddCommand = (silence, deps, exit) => {
  const command = silence
    .command('update')
    .argument('<ids...>', 'of silences, or the first characters of each')
    .description('Change when silences begin or end, or what they say.')
    .addHelpText('after', UPDATE_HELP);
  addSpan(command);
  command.addOption(commentOption('why it holds, instead of what it says now'));
  addAsking(command)
    .option('--json', 'JSON instead of text')
    .action(async (ids: readonly string[], options: Options) => {
      const { starts, ends, for: forMs, comment } = options;
      if ([starts, ends, forMs, comment].every((one) => one === undefined)) {
        command.error('error: say what changes: --for, --ends, --starts or --comment');
      }
      const request = commentedBy(command, options, deps.user, 'changed by hand');
      exit(
        await withEach(ids, request, options, deps, (before) => {
          const asked = changed(before, options, command, deps.now());
          return (client, by) => client.alerts.silence({ ...by, silence: asked });
        }),
      );
    });
};

/** What a change asks for. A wrong one is a wrong usage, and changes nothing. */
function changed(
  before: Silence,
  options: Options,
  command: Command,
  nowMs: number,
): SilenceRequest {
  const named = timeOf(options.starts, '--starts', zoneHere(), command);
  // The next one of a silence that is over begins when the server is told.
  const startsAtMs = named ?? (stateOf(before, nowMs) === 'expired' ? 0 : before.startsAtMs);
  const request: SilenceRequest = {
    ...{ id: before.id, matcherSets: before.matcherSets, startsAtMs },
    endsAtMs: endOf(options, Math.max(nowMs, startsAtMs), command) ?? before.endsAtMs,
    createdBy: before.createdBy,
    comment: options.comment ?? before.comment,
  };
  const checked = setSilence({ [before.id]: before }, request, nowMs, 'new');
  if (checked.kind !== 'set')
    command.error(`error: ${onOneLine(`${before.id}: ${checked.message}`)}`);
  return request;
}

type Outcome =
  | { readonly kind: 'done'; readonly before: Silence; readonly silence: Silence }
  | { readonly kind: 'failed'; readonly id: string; readonly failure: Failure };

type Work = (client: BelayClient, request: Request) => Promise<Silence>;

/**
 * Each by itself: one that fails stands in the way of no other. What \`workOn\` refuses as a wrong
 * usage is refused before anything is done. Answers the exit status.
 */
async function withEach(
  ids: readonly string[],
  { requestId = randomUUID(), ...by }: Request,
  { json }: Options,
  deps: CliDeps,
  workOn: (before: Silence) => Work,
): Promise<number> {
  const outcomes: Outcome[] = [];
  const attempt = async (id: string, one: () => void | Promise<void>): Promise<void> => {
    try {
      await one();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      outcomes.push({ kind: 'failed', id, failure: error });
    }
  };
  await withClient(deps, async (client) => {
    const { silences } = await client.alerts.show();
    const planned: { readonly before: Silence; readonly work: Work }[] = [];
    for (const id of ids) {
      await attempt(id, () => {
        const before = silenceOf(silences, id);
        if (planned.some((one) => one.before === before)) return;
        planned.push({ before, work: workOn(before) });
      });
    }
    for (const { before, work } of planned) {
      await attempt(before.id, async () => {
        // One request id for two silences would be one request.
        const request = { ...by, requestId: `${requestId}/${before.id}` };
        const silence = await repeatable(requestId, () => work(client, request));
        outcomes.push({ kind: 'done', before, silence });
      });
    }
  });
  if (json === true) printJson(deps, outcomes.map(factsOf));
  else for (const outcome of outcomes) tell(outcome, deps);
  const failed = outcomes.find((one) => one.kind === 'failed');
  return failed === undefined ? 0 : FAILURES[failed.failure.code].exit;
}

function factsOf(outcome: Outcome) {
  if (outcome.kind === 'done') return outcome.silence;
  const { code, message } = outcome.failure;
  return { id: outcome.id, error: { code, message, mend: FAILURES[code].mend } };
}

function tell(outcome: Outcome, deps: CliDeps): void {
  if (outcome.kind === 'failed') {
    const { code, message } = outcome.failure;
    return deps.err(`${code}: ${printable(message)}\n${FAILURES[code].mend}\n`);
  }
  const { before, silence } = outcome;
  if (before.id !== silence.id) deps.out(`${onOneLine(before.id)} has ended; in its place:\n`);
  deps.out(renderSilence(silence, deps.now()));
}
