import { z } from 'zod';
import type { ChannelSettings } from '../../domain/paging/channel.schema.ts';
import { alertKey } from '../../domain/paging/alert-key.ts';
import type { Page } from '../../domain/paging/page.ts';
import {
  cut,
  factsOf,
  headline,
  onOneLine,
  printable,
  repeatNote,
  webLinks,
} from '../../domain/paging/page-words.ts';
import { ANSWER_WITHIN_MS, exchange, jsonIn, refusal } from './exchange.ts';
import type { Delivery, PageChannel } from './page-channel.ts';
import { requireAddress } from './require-address.ts';
import { type SecretPlaces, openSecrets } from './secrets.ts';

/** Of Opsgenie's alert API. */
const MAX = { message: 130, text: 14_000, source: 100, user: 100 };
const FACTS_MAX = { count: 50, name: 200, value: 500, total: 8000 };
const ALIAS_MAX_LENGTH = 512;
const NOTE_MAX_LENGTH = 25_000;

const PRIORITIES = { critical: 'P1', error: 'P2', warning: 'P3', info: 'P5' } as const;

const accepted = z.object({ requestId: z.string().regex(/^[A-Za-z0-9-]{1,100}$/) });

type OpsgenieSettings = ChannelSettings<'opsgenie'>;

interface OpsgenieDeps extends SecretPlaces {
  readonly answerWithinMs?: number | undefined;
}

/**
 * Opsgenie's alert API. Every page of an incident has the incident's key as alias, so Opsgenie
 * counts a repeat at the open alert; the handle is that alias. Paged again after an acknowledgement,
 * it is another alert, as nobody is notified of one that is acknowledged.
 */
export function createOpsgenieChannel(
  spec: OpsgenieSettings,
  { answerWithinMs = ANSWER_WITHIN_MS, ...places }: OpsgenieDeps,
): PageChannel {
  const provider = 'Opsgenie';
  const alerts = `${spec.url.replace(/\/$/, '')}/v2/alerts`;

  async function request(page: Page, alias: string, signal: AbortSignal): Promise<Delivery> {
    requireAddress(spec, page.to);
    const secrets = openSecrets(places);
    const { path, body } = opsgenieRequest(spec, page, alias);
    const answer = await exchange(
      {
        provider,
        method: 'POST',
        url: `${alerts}${path}`,
        headers: {
          authorization: `GenieKey ${secrets.read(spec.apiKey)}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify(body),
      },
      secrets,
      { answerWithinMs, signal },
    );
    if (answer.status !== 202) throw refusal(provider, answer, secrets);
    const { data } = accepted.safeParse(jsonIn(answer.text));
    return { receipt: `request ${data?.requestId ?? 'without an id'}`, handle: alias };
  }

  return {
    can: { dropsRepeats: true, updates: true, answers: false },
    send: (page, signal) => request(page, alertKey(page), signal),
    handleOf: alertKey,
    update: (page, handle, signal) => request(page, handle, signal),
    async check(signal) {
      const secrets = openSecrets(places);
      const headers = { authorization: `GenieKey ${secrets.read(spec.apiKey)}` };
      const question = { provider, method: 'GET', url: `${alerts}/count`, headers } as const;
      const answer = await exchange(question, secrets, { answerWithinMs, signal });
      if (answer.status === 200) return 'Opsgenie knows the API key';
      // A key that may only create alerts is known all the same.
      if (answer.status === 403) return 'Opsgenie knows the API key, which may not read alerts';
      throw refusal(provider, answer, secrets);
    },
  };
}

interface OpsgenieRequest {
  /** After `/v2/alerts`. */
  readonly path: string;
  readonly body: object;
}

function opsgenieRequest(spec: OpsgenieSettings, page: Page, key: string): OpsgenieRequest {
  const alias = key.slice(0, ALIAS_MAX_LENGTH);
  const by = page.incident.by;
  const note = {
    source: 'Belay',
    note: cut(headline(page), NOTE_MAX_LENGTH),
    ...(by === undefined ? {} : { user: cut(onOneLine(by), MAX.user) }),
  };
  const at = `/${encodeURIComponent(alias)}`;
  switch (page.action) {
    case 'trigger':
      return { path: '', body: alertOf(spec, page, alias) };
    case 'acknowledge':
      return { path: `${at}/acknowledge?identifierType=alias`, body: note };
    case 'resolve':
      return { path: `${at}/close?identifierType=alias`, body: note };
    default:
      return page.action satisfies never;
  }
}

function alertOf(spec: OpsgenieSettings, page: Page, alias: string): object {
  const { incident } = page;
  const links = webLinks(incident).map(({ text, url }) => `${text}: ${url}`);
  const description = [repeatNote(page) ?? '', printable(incident.text), ...links]
    .filter((part) => part !== '')
    .join('\n\n');
  const responders = respondersOf(spec, page.to);
  return {
    message: cut(onOneLine(incident.title) || headline(page), MAX.message),
    alias,
    description: cut(description, MAX.text),
    ...(responders.length === 0 ? {} : { responders }),
    details: Object.fromEntries(factsOf(page, FACTS_MAX).map(({ name, value }) => [name, value])),
    tags: ['belay'],
    source: cut(onOneLine(incident.source), MAX.source),
    priority: PRIORITIES[incident.severity],
  };
}

function respondersOf(spec: OpsgenieSettings, to: string | undefined): readonly object[] {
  if (to !== undefined) return [{ type: 'user', username: to }];
  return spec.responders.map(({ type, name }) =>
    type === 'user' ? { type, username: name } : { type, name },
  );
}
