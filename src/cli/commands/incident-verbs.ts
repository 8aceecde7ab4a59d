import { randomUUID } from 'node:crypto';
import { type Command, InvalidArgumentError } from 'commander';
import type { Answered, BelayClient, IncidentAnswer, VerbRequest } from '../../client/client.ts';
import type { IncidentVerb } from '../../domain/escalation/incident.ts';
import { FAILURES } from '../../domain/failure.ts';
import { durationMs } from '../../domain/quantity.ts';
import { renderAnswered } from '../render/incident-answer.ts';
import { type Asking, addAsking, repeatable, requestOf } from './asking.ts';
import { type AddCommand, example, printJson, withClient } from './command.ts';
import { incidentOf } from './incident-of.ts';

interface Options extends Asking {
  readonly json?: boolean;
}

type Wanted = Pick<VerbRequest, 'targets' | 'forMs' | 'policy'>;

interface VerbCommand {
  readonly verb: IncidentVerb;
  readonly name: string;
  /** Its whole name, where that is longer. */
  readonly alias?: string;
  readonly about: string;
  /** After the incident. */
  readonly more?: readonly [string, string];
  readonly example: string;
}

/** In the order in which help shows them. */
const VERB_COMMANDS: readonly VerbCommand[] = [
  {
    verb: 'acknowledge',
    name: 'ack',
    alias: 'acknowledge',
    about: 'You work on it: nobody else is paged. The first one wins; a second is told who it was.',
    example: 'belay incident ack 3f9ac0ffee --why "I look at it"',
  },
  {
    verb: 'unacknowledge',
    name: 'unack',
    alias: 'unacknowledge',
    about: 'You do not work on it any more: the policy begins again.',
    example: 'belay incident unack 3f9ac0ffee --why "I have to sleep"',
  },
  {
    verb: 'resolve',
    name: 'resolve',
    about: 'It is over: nobody is paged any more.',
    example: 'belay incident resolve 3f9ac0ffee --why "rolled back"',
  },
  {
    verb: 'reassign',
    name: 'reassign',
    about: 'Page these at once, and go on with the policy if none of them answers in 5 minutes.',
    more: ['<targets...>', 'person:NAME, schedule:NAME, team:NAME or channel:NAME; bare: a person'],
    example: 'belay incident reassign 3f9ac0ffee eve schedule:database --why "it is the database"',
  },
  {
    verb: 'snooze',
    name: 'snooze',
    about: 'Page nobody for a while, then begin again. At most 7 days.',
    more: ['<time>', 'how long, like 30m'],
    example: 'belay incident snooze 3f9ac0ffee 30m --why "the provider mends it until 4"',
  },
  {
    verb: 'escalate_now',
    name: 'escalate',
    alias: 'escalate-now',
    about: 'Begin the next level at once.',
    example: 'belay incident escalate 3f9ac0ffee --why "the first level is on a plane"',
  },
  {
    verb: 'add_note',
    name: 'note',
    alias: 'add-note',
    about: 'Keep a sentence in the timeline.',
    more: ['[text]', 'or --why'],
    example: 'belay incident note 3f9ac0ffee "the disk of db-2 is full"',
  },
  {
    verb: 'change_policy',
    name: 'move',
    alias: 'change-policy',
    about: 'Go by another policy from its first level on, or by the newest text of the same one.',
    more: ['<policy>', 'its name in the paging file'],
    example: 'belay incident move 3f9ac0ffee everybody --why "it is worse than we thought"',
  },
];

/** Every verb for an incident. */
export const addIncidentVerbs: AddCommand = (incident, deps, exit) => {
  for (const { verb, name, alias, about, more, example: line } of VERB_COMMANDS) {
    const command = incident
      .command(name)
      .argument('<incident>', 'its id, or the first digits of it')
      .description(about)
      .addHelpText('after', example(line));
    if (alias !== undefined) command.alias(alias);
    if (more?.[0] === '<time>') command.argument(...more, readTime);
    else if (more?.[0] === '<targets...>') command.argument(...more, readTarget);
    else if (more !== undefined) command.argument(...more);
    addAsking(command);
    command.option('--json', 'JSON instead of text').action(async () => {
      const [what = '', ...details] = command.args;
      const request = askedBy(command, verb, details, deps.user);
      const answered = await withClient(deps, (client) =>
        repeatable(request.requestId, async () =>
          say(client, await incidentOf(client, what), verb, {
            ...request,
            ...wantedOf(verb, details),
          }),
        ),
      );
      if (command.opts<Options>().json === true) printJson(deps, answered);
      else deps.out(renderAnswered(what, verb, answered));
      exit(answered.kind === 'signalled' ? FAILURES.NoWorker.exit : 0);
    });
  }
};

/** With a request id of its own, so that a lost answer can be asked for again. */
function askedBy(command: Command, verb: IncidentVerb, details: readonly string[], user: string) {
  const options = command.opts<Options>();
  const [text] = verb === 'add_note' ? details : [];
  const told = text === undefined ? options : { ...options, why: text };
  return { requestId: randomUUID(), ...requestOf(command, told, user) };
}

async function say(
  client: BelayClient,
  id: string,
  verb: IncidentVerb,
  request: VerbRequest,
): Promise<Answered> {
  if (verb === 'acknowledge' || verb === 'resolve') {
    return client.incidents.answer(id, verb, request);
  }
  const answer: IncidentAnswer = await client.incidents.steer(id, verb, request);
  return { kind: 'applied', ...answer };
}

/** What a verb says beside who and why. */
function wantedOf(verb: IncidentVerb, details: readonly string[]): Wanted {
  const [detail = ''] = details;
  switch (verb) {
    case 'reassign':
      return { targets: details.map(targetOf) };
    case 'snooze':
      return { forMs: durationMs(detail) ?? 0 };
    case 'change_policy':
      return { policy: detail };
    case 'acknowledge':
    case 'unacknowledge':
    case 'resolve':
    case 'escalate_now':
    case 'add_note':
      return {};
    default:
      return verb satisfies never;
  }
}

const TARGET = /^(?:(person|schedule|team|channel):)?([^:]+)$/;

function targetOf(text: string) {
  const [, kind = 'person', name = ''] = TARGET.exec(text) ?? [];
  return { kind, name };
}

function readTarget(text: string, before: readonly string[] = []): readonly string[] {
  if (TARGET.test(text)) return [...before, text];
  throw new InvalidArgumentError(
    'It is a person, or one of person:NAME, schedule:NAME, team:NAME, channel:NAME.',
  );
}

function readTime(text: string): string {
  const ms = durationMs(text);
  if (ms !== undefined && ms > 0) return text;
  throw new InvalidArgumentError('It is a duration like 90s, 30m or 1h30m.');
}
