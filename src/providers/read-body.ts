import type { IncomingMessage } from 'node:http';

export type Body =
  | { readonly kind: 'whole'; readonly rawBody: string }
  | { readonly kind: 'too_large' }
  /** The sender has gone. */
  | { readonly kind: 'cut' };

/** The bytes of a request as they were sent; no more than `maxBytes` of them are kept. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Body> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
    return { kind: 'too_large' };
  }
  if (request.destroyed) return { kind: 'cut' };
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) resolve({ kind: 'too_large' });
      else chunks.push(chunk);
    });
    request.once('end', () => {
      resolve({ kind: 'whole', rawBody: Buffer.concat(chunks).toString('utf8') });
    });
    request.once('error', () => resolve({ kind: 'cut' }));
    request.once('close', () => resolve({ kind: 'cut' }));
  });
}
