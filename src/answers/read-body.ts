import type { IncomingMessage } from 'node:http';

/** Slack sends a page back with its click, PagerDuty at most 256 KB. */
const BODY_MAX_BYTES = 512 * 1024;

export type Body =
  | { readonly kind: 'whole'; readonly rawBody: string }
  | { readonly kind: 'too_large' }
  /** The sender has gone. */
  | { readonly kind: 'cut' };

/** The bytes of a request as they were sent; no more than 512 KB of them are kept. */
export async function readBody(request: IncomingMessage): Promise<Body> {
  if (Number(request.headers['content-length'] ?? 0) > BODY_MAX_BYTES) {
    return { kind: 'too_large' };
  }
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > BODY_MAX_BYTES) resolve({ kind: 'too_large' });
      else chunks.push(chunk);
    });
    request.once('end', () => {
      resolve({ kind: 'whole', rawBody: Buffer.concat(chunks).toString('utf8') });
    });
    request.once('error', () => resolve({ kind: 'cut' }));
    request.once('close', () => resolve({ kind: 'cut' }));
  });
}
