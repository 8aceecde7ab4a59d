import { type IncomingHttpHeaders, type ServerResponse, createServer } from 'node:http';

/** A request as the pretended provider saw it. */
export interface PretendRequest {
  /** When it began to come in. */
  readonly atMs: number;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface PretendAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a provider does in its bad hours. `after`: although it has taken the request. */
export type Misbehaviour =
  /** Answers this and takes nothing: a refusal, 429 with Retry-After, a page of HTML. */
  | ({ readonly kind: 'answer' } & PretendAnswer)
  /** Never answers. */
  | { readonly kind: 'silent'; readonly when: 'before' | 'after' }
  /** Closes the connection without an answer. */
  | { readonly kind: 'cut'; readonly when: 'before' | 'after' }
  /** Takes the request and answers well, but late. */
  | { readonly kind: 'late'; readonly byMs: number }
  /** Takes the request and begins to answer well, but never ends. */
  | { readonly kind: 'endless' }
  /** Answers what is no HTTP. */
  | { readonly kind: 'noise' };

export interface PretendServer {
  readonly url: string;
  /** In the order in which they came. */
  readonly requests: readonly PretendRequest[];
  /** The next `times` requests meet this. */
  misbehave(misbehaviour: Misbehaviour, times?: number): void;
  close(): Promise<void>;
}

export interface PretendOptions {
  /** Of the loopback address; none, any free one. */
  readonly port?: number;
}

/** A provider on the loopback address that answers as `take` says, or misbehaves as it was told. */
export async function startPretendServer(
  take: (request: PretendRequest) => PretendAnswer,
  { port: wantedPort = 0 }: PretendOptions = {},
): Promise<PretendServer> {
  const requests: PretendRequest[] = [];
  const planned: Misbehaviour[] = [];
  const server = createServer((incoming, response) => {
    const atMs = Date.now();
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.once('end', () => {
      const request = {
        atMs,
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        headers: incoming.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      };
      requests.push(request);
      answer(response, planned.shift(), () => take(request));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(wantedPort, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    misbehave(misbehaviour, times = 1) {
      for (let time = 0; time < times; time += 1) planned.push(misbehaviour);
    },
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

function answer(
  response: ServerResponse,
  misbehaviour: Misbehaviour | undefined,
  take: () => PretendAnswer,
): void {
  switch (misbehaviour?.kind) {
    case undefined:
      return write(response, take());
    case 'answer':
      return write(response, misbehaviour);
    case 'silent':
    case 'cut':
      if (misbehaviour.when === 'after') take();
      if (misbehaviour.kind === 'cut') response.destroy();
      return;
    case 'late': {
      const taken = take();
      setTimeout(() => write(response, taken), misbehaviour.byMs);
      return;
    }
    case 'endless': {
      const { status, headers, body } = take();
      response.writeHead(status, headers);
      response.write(body.slice(0, 1));
      return;
    }
    case 'noise':
      response.socket?.end('220 mail.example.org ready\r\n');
      return;
    default:
      misbehaviour satisfies never;
  }
}

function write(response: ServerResponse, { status, headers, body }: PretendAnswer): void {
  response.writeHead(status, headers);
  response.end(body);
}

/** JSON that came; `undefined` where it is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function answerJson(status: number, body: object): PretendAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
}
