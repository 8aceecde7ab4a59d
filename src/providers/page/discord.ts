import { z } from 'zod';
import { Failure } from '../../domain/failure.ts';
import type { ChannelSettings } from '../../domain/paging/channel.schema.ts';
import type { Page } from '../../domain/paging/page.ts';
import {
  cut,
  factsOf,
  headline,
  printable,
  repeatNote,
  webLinks,
} from '../../domain/paging/page-words.ts';
import {
  ANSWER_WITHIN_MS,
  type Answer,
  type Question,
  exchange,
  jsonIn,
  refusal,
} from './exchange.ts';
import type { Delivery, PageChannel } from './page-channel.ts';
import { requireAddress } from './require-address.ts';
import { type SecretPlaces, type Secrets, openSecrets } from './secrets.ts';

/** Of an embed; together with the facts, whose escapes may double them, below its 6000. */
const MAX = { title: 256, text: 2800, footer: 200, link: 100 };
const FACTS_MAX = { count: 25, name: 60, value: 200, total: 1200 };
const LINKS_MAX = 3;

const COLOURS = { critical: 0xa3_02_00, error: 0xd7_2b_3f, warning: 0xda_a0_38, info: 0x43_9f_e0 };
const RESOLVED_COLOUR = 0x2e_b6_7d;
const ACKNOWLEDGED_COLOUR = 0x8d_6b_bf;

/** What Discord's markdown, mentions and emoji are made of. */
const MARKUP = /[\\*_~`|<>[\]()#:@-]/g;

const message = z.object({ id: z.string().regex(/^\d{5,25}$/) });

interface DiscordDeps extends SecretPlaces {
  readonly answerWithinMs?: number | undefined;
}

/** A webhook of Discord; the handle is the id of the message. Nobody is mentioned but `to`. */
export function createDiscordChannel(
  spec: ChannelSettings<'discord'>,
  { answerWithinMs = ANSWER_WITHIN_MS, ...places }: DiscordDeps,
): PageChannel {
  const provider = 'Discord';

  async function ask(
    method: Question['method'],
    path: string,
    body: object | undefined,
    secrets: Secrets,
    signal: AbortSignal,
  ): Promise<Answer> {
    const sent =
      body === undefined
        ? { headers: {} }
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const url = webhookUrl(secrets.read(spec.webhookUrl), path);
    return exchange({ provider, method, url, ...sent }, secrets, { answerWithinMs, signal });
  }

  async function show(
    method: 'POST' | 'PATCH',
    path: string,
    body: object,
    signal: AbortSignal,
  ): Promise<Delivery> {
    const secrets = openSecrets(places);
    const answer = await ask(method, path, body, secrets, signal);
    const { data } = message.safeParse(jsonIn(answer.text));
    if (answer.status !== 200 || data === undefined) throw refusal(provider, answer, secrets);
    return { receipt: `message ${data.id}`, handle: data.id };
  }

  return {
    can: { dropsRepeats: false, updates: true, answers: false },
    async send(page, signal) {
      requireAddress(spec, page.to);
      return show('POST', '', { username: spec.username, ...discordMessage(page) }, signal);
    },
    async update(page, handle, signal) {
      if (!message.safeParse({ id: handle }).success) {
        throw new Failure('PageRejected', 'Discord: the handle names no message');
      }
      return show('PATCH', `/messages/${handle}`, discordMessage(page), signal);
    },
    async check(signal) {
      const secrets = openSecrets(places);
      const answer = await ask('GET', '', undefined, secrets, signal);
      if (answer.status === 200) return 'Discord knows the webhook';
      throw refusal(provider, answer, secrets);
    },
  };
}

/** The address with a path behind it; a question such as `?thread_id=` stays. */
function webhookUrl(written: string, path: string): string {
  if (!URL.canParse(written)) throw new Failure('PageRejected', 'Discord: webhook_url is no URL');
  const url = new URL(written);
  url.pathname = `${url.pathname.replace(/\/$/, '')}${path}`;
  // Without it Discord answers before it has stored the message, and does not name it.
  if (path === '') url.searchParams.set('wait', 'true');
  return url.href;
}

function discordMessage(page: Page): object {
  const { incident } = page;
  const links = webLinks(incident).slice(0, LINKS_MAX);
  const [note, text] = [repeatNote(page) ?? '', printable(incident.text)];
  const description = [note, text].filter((part) => part !== '').join('\n\n');
  return {
    ...mentionOf(page.to),
    embeds: [
      {
        title: escaped(headline(page), MAX.title),
        description: escaped(description, MAX.text),
        color: colourOf(page),
        ...(links[0] === undefined ? {} : { url: links[0].url }),
        timestamp: new Date(incident.openedAtMs).toISOString(),
        footer: { text: cut(`Belay · ${incident.id}`, MAX.footer) },
        fields: factsOf(page, FACTS_MAX).map(({ name, value }) => ({
          name: escaped(name, 2 * FACTS_MAX.name),
          value: escaped(value, 2 * FACTS_MAX.value),
          inline: value.length <= 40,
        })),
      },
    ],
  };
}

function mentionOf(to: string | undefined): object {
  if (to === undefined) return { content: '', allowed_mentions: { parse: [] } };
  const role = /^role:(\d+)$/.exec(to)?.[1];
  return role === undefined
    ? { content: `<@${to}>`, allowed_mentions: { parse: [], users: [to] } }
    : { content: `<@&${role}>`, allowed_mentions: { parse: [], roles: [role] } };
}

function colourOf({ action, incident }: Page): number {
  if (action === 'resolve') return RESOLVED_COLOUR;
  return action === 'acknowledge' ? ACKNOWLEDGED_COLOUR : COLOURS[incident.severity];
}

function escaped(text: string, max: number): string {
  return cut(text.replaceAll(MARKUP, String.raw`\$&`), max);
}
