const TEXT_MAX = 500;
/** What would break a line, or turn the text of a terminal around. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\s]+/gu;

/**
 * What a hook or a gate answered, as one line of at most 500 characters for a timeline: text as it
 * is, of an object its `text`. Anything else is empty.
 */
export function answerText(answer: unknown): string {
  const line = textOf(answer)
    .slice(0, 4 * TEXT_MAX)
    .replaceAll(UNPRINTABLE, ' ')
    .trim();
  return line.slice(0, TEXT_MAX).toWellFormed();
}

function textOf(answer: unknown): string {
  if (typeof answer === 'string') return answer;
  if (typeof answer !== 'object' || answer === null || !('text' in answer)) return '';
  return typeof answer.text === 'string' ? answer.text : '';
}
