/** A request that none can be, such as one with a line break in a header: the next is no better. */
export function cannotBeSent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'UND_ERR_INVALID_ARG';
}
