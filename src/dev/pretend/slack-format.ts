import { z } from 'zod';

/**
 * What Slack documents for messages with blocks and attachments, as far as Belay uses it; anything
 * beyond is an error, so that nothing is sent which nobody has looked up.
 */

const plain = (max: number) =>
  z.strictObject({
    type: z.literal('plain_text'),
    text: z.string().min(1).max(max),
    emoji: z.boolean().optional(),
  });
const markdown = (max: number) =>
  z.strictObject({ type: z.literal('mrkdwn'), text: z.string().min(1).max(max) });

const button = z.strictObject({
  type: z.literal('button'),
  action_id: z.string().min(1).max(255),
  text: plain(75),
  value: z.string().max(2000).optional(),
  style: z.enum(['primary', 'danger']).optional(),
  url: z.url().max(3000).optional(),
});

const blockId = z.string().min(1).max(255).optional();

const block = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('header'), block_id: blockId, text: plain(150) }),
  z.strictObject({
    type: z.literal('section'),
    block_id: blockId,
    text: z.discriminatedUnion('type', [plain(3000), markdown(3000)]),
  }),
  z.strictObject({
    type: z.literal('context'),
    block_id: blockId,
    elements: z
      .array(z.discriminatedUnion('type', [plain(3000), markdown(3000)]))
      .min(1)
      .max(10),
  }),
  z.strictObject({
    type: z.literal('actions'),
    block_id: blockId,
    elements: z.array(button).min(1).max(25),
  }),
]);

const attachment = z.strictObject({
  color: z.string().regex(/^(?:good|warning|danger|#[0-9a-f]{6})$/i),
  fallback: z.string().min(1),
  fields: z
    .array(
      z.strictObject({
        title: z.string().min(1),
        value: z.string().min(1),
        short: z.boolean(),
      }),
    )
    .max(100),
  footer: z.string().max(300),
  ts: z.number().int().min(0),
  mrkdwn_in: z.array(z.enum(['text', 'pretext', 'fields'])),
});

const content = {
  text: z.string().min(1).max(40_000),
  blocks: z.array(block).min(1).max(50),
  attachments: z.array(attachment).max(100),
  unfurl_links: z.boolean().optional(),
  unfurl_media: z.boolean().optional(),
};

const sender = {
  username: z.string().min(1).max(80).optional(),
  icon_emoji: z
    .string()
    .regex(/^:[^\s:]+:$/)
    .optional(),
};

const channel = z.string().regex(/^(?:[CDGUW][A-Z0-9]{2,}|#[^\s]+)$/);

/** The body of `chat.postMessage`. */
export const postMessage = z.strictObject({ channel, ...sender, ...content });
/** The body of `chat.update`. */
export const updateMessage = z.strictObject({
  channel,
  ts: z.string().regex(/^\d+\.\d+$/),
  ...content,
});
/** The body of an incoming webhook. */
export const webhookMessage = z.strictObject({ ...sender, ...content });

/** The body of a `response_url`: told to nobody but who has clicked. */
export const whisper = z.strictObject({
  response_type: z.literal('ephemeral'),
  replace_original: z.literal(false),
  text: z.string().min(1).max(3000),
});

export type SlackContent = z.output<typeof webhookMessage>;
