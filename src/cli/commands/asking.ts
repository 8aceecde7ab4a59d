import { type Command, Option } from 'commander';
import type { Request } from '../../client/client.ts';
import { Failure } from '../../domain/failure.ts';

/** What every command that changes something is told. */
export interface Asking {
  readonly who?: string;
  readonly by?: string;
  readonly why?: string;
  readonly reason?: string;
  readonly requestId?: string;
}

/** `--why`, `--who` and `--request-id`, with `--reason` and `--by` for those who say it so. */
export function addAsking(command: Command): Command {
  return command
    .addOption(new Option('--why <text>', 'why, for the history (or --reason)').conflicts('reason'))
    .addOption(new Option('--reason <text>').hideHelp())
    .addOption(
      new Option('--who <name>', 'who asks (or --by; default: the user, or BELAY_WHO)').conflicts(
        'by',
      ),
    )
    .addOption(new Option('--by <name>').hideHelp())
    .option('--request-id <id>', 'the same id is the same request: repeat it after a lost answer');
}

/** Who asks and why; without a reason, and without `otherwise`, a wrong usage. */
export function requestOf(
  command: Command,
  { who, by, why, reason, requestId }: Asking,
  user: string,
  otherwise?: string,
): Request {
  const told = why ?? reason ?? otherwise;
  if (told === undefined || told.trim() === '') {
    command.error("error: required option '--why <text>' not specified");
  }
  return {
    who: who ?? by ?? user,
    why: told,
    ...(requestId === undefined ? {} : { requestId }),
  };
}

/** Where the answer was lost, the message says how the same is asked again. */
export async function repeatable<T>(requestId: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { code, message } = error;
    if (code !== 'NoWorker' && code !== 'TemporalUnreachable') throw error;
    throw new Failure(code, `${message}\nthe same request: --request-id ${requestId}`, {
      cause: error,
    });
  }
}
