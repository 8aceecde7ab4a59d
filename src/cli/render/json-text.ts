const CONTROL = /[\u007f-\u009f\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/**
 * JSON that does nothing to a terminal: what JSON may leave as it is, and a terminal obeys, is
 * escaped as well. It stands only within strings, so that the meaning is the same.
 */
export function jsonText(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent).replaceAll(
    CONTROL,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
