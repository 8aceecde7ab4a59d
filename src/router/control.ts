import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import { Failure } from '../domain/failure.ts';
import { CAPABILITIES } from '../domain/release/capabilities.ts';
import type { Instance } from '../domain/release/instance.ts';
import { affinityId } from '../providers/traffic/affinity.ts';
import type { AssignmentsStore } from '../providers/traffic/assignments-store.ts';
import { requireAble } from '../providers/traffic/check-steering.ts';
import { countsQuerySchema } from '../providers/traffic/counts-query.schema.ts';
import type { CountsStore } from '../providers/traffic/counts-store.ts';
import { changeSchema } from './change.schema.ts';
import type { Proxy } from './proxy.ts';
import type { RoutingTable } from './routing-table.ts';

const BODY_MAX_BYTES = 1024 * 1024;

/**
 * The control interface, for loopback or a private network only: it has no authentication.
 *
 * `GET|PUT /services/<service>/traffic`, `GET …/open?version=&instance=host:port` (`instance` any
 * number of times; without it all of the version), `GET …/counts?version=&audience=&from=&to=`
 * (milliseconds), `GET …/assignments`, `GET …/effects`, `GET /healthz`.
 */
export async function answerControl(
  router: {
    readonly table: RoutingTable;
    readonly counts: CountsStore;
    readonly assignments: AssignmentsStore;
    readonly proxy: Proxy;
  },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { table, counts, assignments, proxy } = router;
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
      requireAble(change, CAPABILITIES.embedded);
      const state = table.apply(change);
      proxy.forget();
      return json(response, state);
    }
    case 'GET open': {
      const { version = '' } = query;
      const at = url.searchParams.getAll('instance').map(instanceAt);
      const open =
        at.length > 0 ? proxy.openAt(service, version, at) : proxy.open(service, version);
      return json(response, { open });
    }
    case 'GET counts': {
      const { version, audience, from, to, every } = checked(countsQuerySchema, query);
      const asked = { service, version, audience, fromMs: from, toMs: to };
      // The router counts each request itself, so that it always knows up to now.
      if (every === undefined) return json(response, counts.read(asked, Date.now()));
      return json(response, counts.readBlocks({ ...asked, blockMs: every }, Date.now()));
    }
    case 'GET assignments': {
      const { affinity, routes } = table.read(service);
      const id = affinity === undefined ? '' : affinityId(affinity.salt, routes);
      return json(response, assignments.read(service, id));
    }
    case 'GET effects':
      return json(response, table.effects(service));
    default:
      throw new Failure('NotFound', `${request.method} ${url.pathname} is not served here`);
  }
}

function instanceAt(address: string): Instance {
  const [, host = '', port] = /^(.+):(\d{1,5})$/.exec(address) ?? [];
  if (port === undefined) throw new Failure('TrafficRefused', `"${address}" is not host:port`);
  return { id: address, host, port: Number(port) };
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
