import { type Command, InvalidArgumentError, Option } from 'commander';
import { durationMs } from '../../domain/quantity.ts';
import { type Asking, requestOf } from './asking.ts';
import { timeOf, zoneHere } from './time-option.ts';

/** When a silence begins and ends. */
export interface Span {
  readonly for?: number;
  readonly starts?: string;
  readonly ends?: string;
}

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
