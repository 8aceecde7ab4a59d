import { z } from 'zod';
import {
  type PretendAnswer,
  type PretendRequest,
  type PretendServer,
  answerJson,
  jsonOf,
  startPretendServer,
} from '../../src/dev/pretend/pretend-server.ts';

const EMBED_MAX_LENGTH = 6000;
const snowflake = z.string().regex(/^\d{5,25}$/);

const embed = z.strictObject({
  title: z.string().min(1).max(256),
  description: z.string().max(4096),
  color: z.number().int().min(0).max(0xff_ff_ff),
  url: z.url({ protocol: /^https?$/ }).optional(),
  timestamp: z.iso.datetime(),
  footer: z.strictObject({ text: z.string().min(1).max(2048) }),
  fields: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(256),
        value: z.string().min(1).max(1024),
        inline: z.boolean(),
      }),
    )
    .max(25),
});

const content = {
  content: z.string().max(2000),
  allowed_mentions: z.strictObject({
    parse: z.array(z.never()),
    users: z.array(snowflake).max(100).optional(),
    roles: z.array(snowflake).max(100).optional(),
  }),
  embeds: z
    .array(embed)
    .min(1)
    .max(10)
    .refine((all) => lengthOf(all) <= EMBED_MAX_LENGTH, 'the embeds are too long together'),
};

/** "Execute webhook" and "Edit webhook message"; anything beyond is an error. */
const execute = z.strictObject({ username: z.string().min(1).max(80), ...content });
const edit = z.strictObject(content);

type Embed = z.output<typeof embed>;

function lengthOf(embeds: readonly Embed[]): number {
  return embeds
    .flatMap(({ title, description, footer, fields }) => [
      title,
      description,
      footer.text,
      ...fields.flatMap(({ name, value }) => [name, value]),
    ])
    .join('').length;
}

export interface DiscordShown {
  readonly id: string;
  readonly content: string;
  readonly embed: Embed;
  readonly updates: number;
}

export interface PretendDiscord extends PretendServer {
  readonly shown: readonly DiscordShown[];
  readonly problems: readonly string[];
  readonly webhookUrl: string;
}

/** One webhook of Discord. */
export async function startPretendDiscord(path: string): Promise<PretendDiscord> {
  const shown: DiscordShown[] = [];
  const problems: string[] = [];

  function take<Body extends z.output<typeof edit>>(
    schema: z.ZodType<Body>,
    request: PretendRequest,
    store: (body: Body) => DiscordShown | undefined,
  ): PretendAnswer {
    const { data, error } = schema.safeParse(jsonOf(request.body));
    if (data === undefined) {
      const issues = error?.issues ?? [];
      problems.push(...issues.map((one) => `${one.path.join('.')}: ${one.message}`));
      return answerJson(400, { code: 50_035, message: 'Invalid Form Body' });
    }
    const stored = store(data);
    if (stored === undefined) return answerJson(404, { code: 10_008, message: 'Unknown Message' });
    return answerJson(200, { id: stored.id, content: stored.content });
  }

  const server = await startPretendServer((request) => {
    const [at, query = ''] = request.path.split('?');
    if (!at?.startsWith(path)) return answerJson(404, { code: 10_015, message: 'Unknown Webhook' });
    const rest = at.slice(path.length);
    if (request.method === 'GET' && rest === '') return answerJson(200, { id: '10001', type: 1 });
    if (request.method === 'POST' && rest === '') {
      const answered = take(execute, request, (body) => {
        const one = {
          id: String(1_100_000 + shown.length),
          content: body.content,
          embed: body.embeds[0],
          updates: 0,
        };
        if (one.embed === undefined) return undefined;
        const stored = { ...one, embed: one.embed };
        shown.push(stored);
        return stored;
      });
      const waits = new URLSearchParams(query).get('wait') === 'true';
      return answered.status === 200 && !waits ? { status: 204, body: '' } : answered;
    }
    const id = /^\/messages\/(\d+)$/.exec(rest)?.[1];
    if (request.method !== 'PATCH' || id === undefined) return { status: 405, body: '' };
    return take(edit, request, (body) => {
      const index = shown.findIndex((one) => one.id === id);
      const [old, first] = [shown[index], body.embeds[0]];
      if (old === undefined || first === undefined) return undefined;
      const changed = { ...old, content: body.content, embed: first, updates: old.updates + 1 };
      shown[index] = changed;
      return changed;
    });
  });
  return { ...server, shown, problems, webhookUrl: `${server.url}${path}` };
}
