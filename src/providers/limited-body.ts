/** What has been read of an answer: others may send for ever. */
export interface LimitedBody {
  /** UTF-8; ends after the limit where there is more. */
  readonly text: string;
  readonly isWhole: boolean;
}

/** Reads at most `maxBytes`; a longer body is cut there and its connection closed. */
export async function readLimited(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<LimitedBody> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxBytes) break;
  }
  const text = Buffer.concat(chunks).subarray(0, maxBytes).toString('utf8');
  return { text, isWhole: size <= maxBytes };
}
