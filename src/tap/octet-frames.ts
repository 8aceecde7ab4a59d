/** No line of HAProxy's is longer: `maxlen` in the shipped configuration, with room to spare. */
const FRAME_MAX_BYTES = 8192;

/**
 * Splits a byte stream of octet-counted syslog frames (RFC 6587, section 3.4.1) into lines. A
 * stream that is not one throws, so that its connection is closed and begun anew.
 */
export function createFrameReader(onLine: (line: string) => void) {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk: Buffer): void => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      const space = rest.indexOf(0x20);
      if (space === -1) {
        if (rest.length > 5) throw new Error('not an octet-counted syslog stream');
        return;
      }
      const length = Number(rest.toString('latin1', 0, space));
      if (!Number.isInteger(length) || length < 1 || length > FRAME_MAX_BYTES) {
        throw new Error('not an octet-counted syslog stream');
      }
      const end = space + 1 + length;
      if (rest.length < end) return;
      onLine(rest.toString('utf8', space + 1, end));
      rest = rest.subarray(end);
    }
  };
}
