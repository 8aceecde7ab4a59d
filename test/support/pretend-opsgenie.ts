import { z } from 'zod';
import {
  type PretendAnswer,
  type PretendRequest,
  type PretendServer,
  answerJson,
  jsonOf,
  startPretendServer,
} from '../../src/dev/pretend/pretend-server.ts';

const DETAILS_MAX_LENGTH = 8000;

const responder = z.union([
  z.strictObject({ type: z.literal('user'), username: z.email() }),
  z.strictObject({ type: z.enum(['team', 'schedule', 'escalation']), name: z.string().min(1) }),
]);

/** Opsgenie's "Create alert"; anything beyond is an error. */
const create = z.strictObject({
  message: z.string().min(1).max(130),
  alias: z.string().min(1).max(512),
  description: z.string().max(15_000),
  responders: z.array(responder).max(50).optional(),
  details: z
    .record(z.string(), z.string())
    .refine((all) => Object.entries(all).flat().join('').length <= DETAILS_MAX_LENGTH),
  tags: z.array(z.string().max(50)).max(20),
  source: z.string().max(100),
  priority: z.enum(['P1', 'P2', 'P3', 'P4', 'P5']),
});

/** "Acknowledge alert" and "Close alert". */
const note = z.strictObject({
  user: z.string().max(100).optional(),
  source: z.string().max(100),
  note: z.string().max(25_000),
});

export interface OpsgenieShown {
  readonly alias: string;
  readonly status: 'open' | 'acknowledged' | 'closed';
  readonly count: number;
  readonly created: z.output<typeof create>;
}

export interface PretendOpsgenie extends PretendServer {
  readonly shown: readonly OpsgenieShown[];
  readonly problems: readonly string[];
}

const ACTION = /^\/v2\/alerts\/([^/?]+)\/(acknowledge|close)\?identifierType=alias$/;

/** Opsgenie's alert API: an alias is counted while its alert is open. */
export async function startPretendOpsgenie(apiKey: string): Promise<PretendOpsgenie> {
  const shown: OpsgenieShown[] = [];
  const problems: string[] = [];

  const indexOf = (alias: string): number =>
    shown.findIndex((one) => one.alias === alias && one.status !== 'closed');

  function refused(error: z.ZodError): PretendAnswer {
    problems.push(...error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`));
    return answerJson(422, { message: 'Request body is not processable' });
  }

  function takeAlert(request: PretendRequest): PretendAnswer {
    const { data, error } = create.safeParse(jsonOf(request.body));
    if (data === undefined) return refused(error);
    const at = indexOf(data.alias);
    const open = shown[at];
    if (open === undefined) {
      shown.push({ alias: data.alias, status: 'open', count: 1, created: data });
    } else {
      shown[at] = { ...open, count: open.count + 1 };
    }
    return taken();
  }

  function takeNote(request: PretendRequest, alias: string, verb: string): PretendAnswer {
    const { error } = note.safeParse(jsonOf(request.body));
    if (error !== undefined) return refused(error);
    const at = indexOf(alias);
    const open = shown[at];
    const status = verb === 'close' ? ('closed' as const) : ('acknowledged' as const);
    if (open !== undefined) shown[at] = { ...open, status };
    return taken();
  }

  const server = await startPretendServer((request) => {
    if (request.headers.authorization !== `GenieKey ${apiKey}`) {
      return answerJson(401, { message: 'Could not authenticate' });
    }
    if (request.method === 'GET' && request.path === '/v2/alerts/count') {
      return answerJson(200, { data: { count: shown.length } });
    }
    if (request.method === 'POST' && request.path === '/v2/alerts') return takeAlert(request);
    const [, alias, verb] = ACTION.exec(request.path) ?? [];
    if (request.method === 'POST' && alias !== undefined && verb !== undefined) {
      return takeNote(request, decodeURIComponent(alias), verb);
    }
    return answerJson(404, { message: 'Not found' });
  });
  return { ...server, shown, problems };
}

function taken(): PretendAnswer {
  return answerJson(202, {
    result: 'Request will be processed',
    took: 0.1,
    requestId: '43a29c5c-3dbf-4fa4-9c26-f4f71023e120',
  });
}
