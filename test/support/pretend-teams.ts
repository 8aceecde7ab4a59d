import { z } from 'zod';
import {
  type PretendServer,
  jsonOf,
  startPretendServer,
} from '../../src/dev/pretend/pretend-server.ts';

const MESSAGE_MAX_BYTES = 28 * 1024;

const textRun = z.strictObject({
  type: z.literal('TextRun'),
  text: z.string().min(1),
  weight: z.enum(['lighter', 'default', 'bolder']).optional(),
  size: z.enum(['default', 'small', 'medium', 'large', 'extraLarge']).optional(),
  color: z.enum(['default', 'dark', 'light', 'accent', 'good', 'warning', 'attention']).optional(),
  italic: z.boolean().optional(),
});

const mention = z.strictObject({
  type: z.literal('mention'),
  text: z.string().regex(/^<at>[^<>]+<\/at>$/),
  mentioned: z.strictObject({ id: z.string().min(1), name: z.string().min(1) }),
});

/** An Adaptive Card 1.4 in the message of a workflow, as far as Belay uses them. */
const message = z.strictObject({
  type: z.literal('message'),
  attachments: z
    .array(
      z.strictObject({
        contentType: z.literal('application/vnd.microsoft.card.adaptive'),
        contentUrl: z.null(),
        content: z
          .strictObject({
            $schema: z.literal('http://adaptivecards.io/schemas/adaptive-card.json'),
            type: z.literal('AdaptiveCard'),
            version: z.literal('1.4'),
            body: z
              .array(
                z.discriminatedUnion('type', [
                  z.strictObject({
                    type: z.literal('TextBlock'),
                    text: z.string().min(1),
                    wrap: z.boolean(),
                  }),
                  z.strictObject({
                    type: z.literal('RichTextBlock'),
                    inlines: z.array(textRun).min(1),
                  }),
                ]),
              )
              .min(1),
            actions: z
              .array(
                z.strictObject({
                  type: z.literal('Action.OpenUrl'),
                  title: z.string().min(1),
                  url: z.url({ protocol: /^https?$/ }),
                }),
              )
              .max(6),
            msteams: z.strictObject({ width: z.literal('Full'), entities: z.array(mention) }),
          })
          .refine(
            ({ body, msteams }) =>
              msteams.entities.every(({ text }) =>
                body.some((one) => one.type === 'TextBlock' && one.text.includes(text)),
              ),
            'a mention stands in no text',
          ),
      }),
    )
    .length(1),
});

export type TeamsMessage = z.output<typeof message>;

export interface PretendTeams extends PretendServer {
  readonly shown: readonly TeamsMessage[];
  readonly problems: readonly string[];
  readonly webhookUrl: string;
}

/** The trigger "When a Teams webhook request is received" of a workflow. */
export async function startPretendTeams(path: string): Promise<PretendTeams> {
  const shown: TeamsMessage[] = [];
  const problems: string[] = [];
  const server = await startPretendServer((request) => {
    if (request.path !== path) return { status: 404, body: '' };
    if (request.method !== 'POST') return { status: 405, body: '' };
    const { data, error } = message.safeParse(jsonOf(request.body));
    const found = (error?.issues ?? []).map((one) => `${one.path.join('.')}: ${one.message}`);
    if (Buffer.byteLength(request.body) > MESSAGE_MAX_BYTES) found.push('more than 28 KB');
    problems.push(...found);
    if (data === undefined || found.length > 0) return { status: 400, body: 'bad request' };
    shown.push(data);
    return { status: 202, body: '' };
  });
  return { ...server, shown, problems, webhookUrl: `${server.url}${path}` };
}
