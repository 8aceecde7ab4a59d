import type { Command } from 'commander';
import type { Matcher } from '../../domain/alerting/matcher.ts';
import { readMatchers } from '../../domain/alerting/read-matchers.ts';
import { onOneLine } from '../../domain/paging/page-words.ts';
import type { CliDeps } from '../deps.ts';

/**
 * Matchers of the command line, all of which must match. As for amtool, a first one without a sign
 * is the value of `alertname`. A wrong one is a wrong usage; a remark goes to the standard error.
 */
export function matchersOf(
  written: readonly string[],
  command: Command,
  deps: CliDeps,
): readonly Matcher[] {
  return written.flatMap((text, at): readonly Matcher[] => {
    if (at === 0 && text !== '' && !/[=~!{}]/.test(text)) {
      return [{ name: 'alertname', operator: '=', value: text }];
    }
    const read = readMatchers(text);
    if (read.kind === 'invalid') return command.error(`error: ${onOneLine(read.message)}`);
    if (read.matchers.length === 0) {
      return command.error('error: an empty matcher: write it like severity="page"');
    }
    if (read.remark !== null) deps.err(`note: ${onOneLine(read.remark)}\n`);
    return read.matchers;
  });
}
