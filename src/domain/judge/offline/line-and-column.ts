import type { Place } from './recording-rows.ts';

/** Only asked for what is told to a person, so that it may count the lines anew. */
export function lineAndColumn(text: string, offset: number): Place {
  let line = 1;
  let begin = 0;
  for (
    let end = text.indexOf('\n');
    end !== -1 && end < offset;
    end = text.indexOf('\n', end + 1)
  ) {
    line += 1;
    begin = end + 1;
  }
  return { line, column: offset - begin + 1 };
}
