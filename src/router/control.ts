import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { Failure } from '../domain/failure.ts';
import type { CountsStore } from '../providers/traffic/counts-store.ts';
import type { Proxy } from './proxy.ts';
import type { RoutingTable } from './routing-table.ts';

const BODY_MAX_BYTES = 1024 * 1024;

const changeSchema = z.strictObject({
  service: z.string().min(1).max(63),
  key: z.string().min(1).max(500),
  generation: z.int().min(1),
  routes: z
    .array(
      z.strictObject({
        version: z.string().min(1).max(64),
        weightPercent: z.int().min(0).max(100),
        instances: z
          .array(
            z.strictObject({ id: z.string(), host: z.string(), port: z.int().min(1).max(65_535) }),
          )
          .max(1000),
      }),
    )
    .max(20),
});

const countsSchema = z.object({
  version: z.string(),
  audience: z.enum(['live', 'preview']),
  from: z.coerce.number(),
  to: z.coerce.number(),
});

/**
 * The control interface, for loopback or a private network only: it has no authentication.
 *
 * `GET|PUT /services/<service>/traffic`, `GET …/open?version=`, `GET …/counts?version=&audience=&
 * from=&to=` (milliseconds), `GET …/effects`, `GET /healthz`.
 */
export async function answerControl(
  router: { readonly table: RoutingTable; readonly counts: CountsStore; readonly proxy: Proxy },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { table, counts, proxy } = router;
  const url = URL.parse(request.url ?? '/', 'http://router') ?? new URL('http://router/');
  if (url.pathname === '/healthz') return json(response, { ok: true });
  const [, service = '', what] = /^\/services\/([^/]+)\/(\w+)$/.exec(url.pathname) ?? [];
  const query = Object.fromEntries(url.searchParams);
  switch (`${request.method} ${what}`) {
    case 'GET traffic':
      return json(response, table.read(service));
    case 'PUT traffic': {
      const change = checked(changeSchema, parseJson(await bodyOf(request)));
      if (change.service !== service)
        throw new Failure('TrafficRefused', 'another service is named');
      const state = table.apply(change);
      proxy.forget();
      return json(response, state);
    }
    case 'GET open':
      return json(response, { open: proxy.open(service, query.version ?? '') });
    case 'GET counts': {
      const { version, audience, from, to } = checked(countsSchema, query);
      const asked = { service, version, audience, fromMs: from, toMs: to };
      // The router counts each request itself, so that it always knows up to now.
      return json(response, counts.read(asked, Date.now()));
    }
    case 'GET effects':
      return json(response, table.effects(service));
    default:
      throw new Failure('NotFound', `${request.method} ${url.pathname} is not served here`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Failure('TrafficRefused', 'the body is not JSON');
  }
}

function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new Failure('TrafficRefused', problems.join('; '));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes: Buffer = Buffer.from(chunk);
    size += bytes.length;
    if (size > BODY_MAX_BYTES) throw new Failure('TrafficRefused', 'the request is too large');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function json(response: ServerResponse, value: unknown): void {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(value));
}
