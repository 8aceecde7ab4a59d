import { Failure } from '../../domain/failure.ts';
import type { ChannelSettings } from '../../domain/paging/channel.schema.ts';
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
import { ANSWER_WITHIN_MS, exchange, reach, refusal } from './exchange.ts';
import type { PageChannel } from './page-channel.ts';
import { requireAddress } from './require-address.ts';
import { type SecretPlaces, openSecrets } from './secrets.ts';

/** A message of these parts stays below the 28 KB of Teams, whatever its characters. */
const MAX = { title: 300, text: 3500, link: 60, url: 400, name: 80 };
const FACTS_MAX = { count: 20, name: 60, value: 200, total: 1800 };
const LINKS_MAX = 5;

/** What a mention is made of, and what a text block reads as more than text. */
const MARKUP = /[<>&*_[\]()`~#]/g;

const COLOURS = {
  critical: 'attention',
  error: 'attention',
  warning: 'warning',
  info: 'accent',
} as const;

interface TeamsDeps extends SecretPlaces {
  readonly answerWithinMs?: number | undefined;
}

/** A workflow of Teams that posts the Adaptive Card which it is sent. */
export function createTeamsChannel(
  spec: ChannelSettings<'teams'>,
  { answerWithinMs = ANSWER_WITHIN_MS, ...places }: TeamsDeps,
): PageChannel {
  const provider = 'Teams';
  return {
    can: { dropsRepeats: false, updates: false, answers: false },
    async send(page, signal) {
      requireAddress(spec, page.to);
      const secrets = openSecrets(places);
      const answer = await exchange(
        {
          provider,
          method: 'POST',
          url: secrets.read(spec.webhookUrl),
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(teamsMessage(page)),
        },
        secrets,
        { answerWithinMs, signal },
      );
      if (answer.status !== 202) throw refusal(provider, answer, secrets);
      return { receipt: 'accepted by the workflow' };
    },
    async update() {
      throw new Failure('PageRejected', 'what a workflow of Teams posted cannot be changed');
    },
    async check(signal) {
      const secrets = openSecrets(places);
      const url = secrets.read(spec.webhookUrl);
      await reach(provider, url, secrets, { answerWithinMs, signal });
      return 'Teams is reachable; that the workflow takes a page, only a page shows';
    },
  };
}

function teamsMessage(page: Page): object {
  const { to, who } = page;
  const name = cut(onOneLine((who ?? '').replaceAll(MARKUP, ' ')), MAX.name) || (to ?? '');
  const mention = `<at>${name}</at>`;
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [
            ...(to === undefined ? [] : [{ type: 'TextBlock', text: mention, wrap: true }]),
            ...textsOf(page),
          ],
          actions: linksOf(page),
          msteams: {
            width: 'Full',
            entities:
              to === undefined
                ? []
                : [{ type: 'mention', text: mention, mentioned: { id: to, name } }],
          },
        },
      },
    ],
  };
}

/** Rich text, unlike text blocks and fact sets, shows markdown and mentions as they are written. */
function textsOf(page: Page): readonly object[] {
  const note = repeatNote(page);
  const text = cut(printable(page.incident.text), MAX.text);
  const title = { weight: 'bolder', size: 'large', color: colourOf(page) };
  return [
    rich([{ type: 'TextRun', text: cut(headline(page), MAX.title), ...title }]),
    ...(note === undefined ? [] : [rich([{ type: 'TextRun', text: note, italic: true }])]),
    ...(text === '' ? [] : [rich([{ type: 'TextRun', text }])]),
    ...factsOf(page, FACTS_MAX).map((fact) =>
      rich([
        { type: 'TextRun', text: `${fact.name}: `, weight: 'bolder' },
        { type: 'TextRun', text: fact.value },
      ]),
    ),
  ];
}

function rich(inlines: readonly object[]): object {
  return { type: 'RichTextBlock', inlines };
}

function colourOf({ action, incident }: Page): string {
  return action === 'trigger' ? COLOURS[incident.severity] : 'good';
}

function linksOf({ incident }: Page): readonly object[] {
  return webLinks(incident)
    .filter(({ url }) => url.length <= MAX.url)
    .slice(0, LINKS_MAX)
    .map(({ text, url }) => ({ type: 'Action.OpenUrl', title: cut(text, MAX.link), url }));
}
