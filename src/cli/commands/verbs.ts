import { InvalidArgumentError } from 'commander';
import type { SteerRequest } from '../../client/client.ts';
import type { Verb } from '../../domain/release/progress.ts';
import { durationMs } from '../../domain/quantity.ts';
import { renderSteered } from '../render/steered.ts';
import { type Asking, addAsking, requestOf } from './asking.ts';
import { type AddCommand, example, printJson, withClient } from './command.ts';

interface Options extends Asking {
  readonly full?: boolean;
  readonly overrideFreeze?: boolean;
  readonly json?: boolean;
}

interface VerbCommand {
  /** `promote --full` is the other way to say `promote`. */
  readonly verb: Exclude<Verb, 'promote_full'>;
  readonly name: string;
  readonly about: string;
  /** After the service. */
  readonly more: readonly (readonly [string, string])[];
  readonly example: string;
  readonly flags: readonly (readonly [string, string])[];
}

const OVERRIDE = ['--override-freeze', 'in spite of a freeze window'] as const;
const GATE = ['<gate>', 'the gate, by its name in the release file'] as const;

/** In the order in which help shows them. */
const VERB_COMMANDS: readonly VerbCommand[] = [
  {
    verb: 'pause',
    name: 'pause',
    about: 'Stay at the present step. Watching goes on: what breaks a limit still goes back.',
    more: [],
    example: 'belay pause checkout --why "a look at the logs first"',
    flags: [],
  },
  {
    verb: 'resume',
    name: 'resume',
    about: 'Go on after a pause.',
    more: [],
    example: 'belay resume checkout --why "the logs are fine"',
    flags: [OVERRIDE],
  },
  {
    verb: 'promote',
    name: 'promote',
    about: 'Go on to the next step at once; of a release that is held: keep the candidate.',
    more: [],
    example: 'belay promote checkout --why "the errors come from a crawler"',
    flags: [['--full', 'on to all of the traffic at once'], OVERRIDE],
  },
  {
    verb: 'step_back',
    name: 'step-back',
    about: 'Take the candidate one weight or batch down, and stay there until somebody resumes.',
    more: [],
    example: 'belay step-back checkout --why "p95 grows"',
    flags: [],
  },
  {
    verb: 'retry',
    name: 'retry',
    about: 'Try the step that failed once more.',
    more: [],
    example: 'belay retry checkout --why "the registry is back"',
    flags: [],
  },
  {
    verb: 'abort',
    name: 'abort',
    about: 'End the running release: traffic back to stable first, then the candidate is removed.',
    more: [],
    example: 'belay abort checkout --why "wrong build"',
    flags: [],
  },
  {
    verb: 'approve',
    name: 'approve',
    about: 'Open the gate that the release waits at.',
    more: [GATE],
    example: 'belay approve checkout go --by ada --reason "numbers are fine"',
    flags: [],
  },
  {
    verb: 'reject',
    name: 'reject',
    about: 'Close the gate that the release waits at: it goes back.',
    more: [GATE],
    example: 'belay reject checkout go --why "support is not there today"',
    flags: [],
  },
  {
    verb: 'extend',
    name: 'extend',
    about: 'Make a step last longer, the present one or one that is still to come.',
    more: [
      ['<step>', 'the step, by its name in `belay explain`'],
      ['<time>', 'how much longer, like 10m'],
    ],
    example: 'belay extend checkout weight-25 10m --why "wait for the lunch peak"',
    flags: [],
  },
];

/** Every verb for a running release. */
export const addVerbs: AddCommand = (program, deps, exit) => {
  for (const { verb, name, about, more, example: line, flags } of VERB_COMMANDS) {
    const command = program
      .command(name)
      .argument('<service>', 'the service, by the name in its release file')
      .description(about)
      .addHelpText('after', example(line));
    for (const [argument, meaning] of more) {
      if (argument === '<time>') command.argument(argument, meaning, readTime);
      else command.argument(argument, meaning);
    }
    addAsking(command);
    for (const [flag, meaning] of flags) command.option(flag, meaning);
    command.option('--json', 'JSON instead of text').action(async () => {
      const options = command.opts<Options>();
      const request = requestOf(command, options, deps.user);
      const [service = '', ...details] = command.args;
      const said = verb === 'promote' && options.full === true ? 'promote_full' : verb;
      const steered = await withClient(deps, (client) =>
        client.steer(service, said, { ...request, ...wantedOf(said, details, options) }),
      );
      if (options.json === true) printJson(deps, steered);
      else deps.out(renderSteered(service, said, steered));
      exit(0);
    });
  }
};

/** What a verb says beside who and why. */
function wantedOf(
  verb: Verb,
  [detail = '', time = '']: readonly string[],
  { overrideFreeze = false }: Options,
): Pick<SteerRequest, 'gate' | 'step' | 'byMs' | 'overrideFreeze'> {
  switch (verb) {
    case 'approve':
    case 'reject':
      return { gate: detail };
    case 'extend':
      return { step: detail, byMs: durationMs(time) ?? 0 };
    case 'resume':
    case 'promote':
    case 'promote_full':
      return { overrideFreeze };
    case 'pause':
    case 'step_back':
    case 'retry':
    case 'abort':
      return {};
    default:
      return verb satisfies never;
  }
}

function readTime(text: string): string {
  const ms = durationMs(text);
  if (ms !== undefined && ms > 0) return text;
  throw new InvalidArgumentError('It is a duration like 90s, 10m or 1h30m.');
}
