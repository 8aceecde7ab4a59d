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

/** What a button tells in `action_id`; its `value` is the id of the incident. */
export const SLACK_ACTIONS = {
  acknowledge: 'belay_acknowledge',
  resolve: 'belay_resolve',
} as const;

/** Limits of Slack's reference of blocks and of `chat.postMessage`. */
const MAX = { header: 150, text: 3000, fallback: 3000, id: 255, value: 2000 };
const FACTS_MAX = { count: 20, name: 100, value: 500, total: 5000 };
const LINKS_MAX = 10;

const COLOURS = { critical: '#a30200', error: '#d72b3f', warning: '#daa038', info: '#439fe0' };
const RESOLVED_COLOUR = '#2eb67d';
const ACKNOWLEDGED_COLOUR = '#8d6bbf';

/** As it goes to `chat.postMessage`, `chat.update` or an incoming webhook. */
export interface SlackMessage {
  readonly text: string;
  readonly blocks: readonly object[];
  readonly attachments: readonly object[];
  readonly unfurl_links: false;
  readonly unfurl_media: false;
}

/**
 * Texts of others stand in `plain_text` blocks, where Slack reads no markup and no mention, or are
 * escaped. The first block is named by the page's key, so that a repeat can be told.
 */
export function slackMessage(
  page: Page,
  shown: { readonly hasButtons: boolean; readonly mention: string | undefined },
): SlackMessage {
  const { incident } = page;
  const title = headline(page);
  const mention = shown.mention === undefined ? '' : `<@${shown.mention}> `;
  const text = printable(incident.text);
  const buttons = shown.hasButtons ? buttonsOf(page) : [];
  return {
    text: `${mention}${slackText(title, MAX.fallback)}`,
    blocks: [
      {
        type: 'header',
        block_id: cut(page.dedupKey, MAX.id),
        text: plain(title, MAX.header),
      },
      ...(mention === '' ? [] : [{ type: 'section', text: { type: 'mrkdwn', text: mention } }]),
      ...(text === '' ? [] : [{ type: 'section', text: plain(text, MAX.text) }]),
      ...contexts(page),
      ...(buttons.length === 0 ? [] : [{ type: 'actions', elements: buttons }]),
    ],
    attachments: [
      {
        color: colourOf(page),
        fallback: slackText(title, MAX.fallback),
        fields: factsOf(page, FACTS_MAX).map(({ name, value }) => ({
          title: slackText(name, FACTS_MAX.name),
          value: slackText(value, FACTS_MAX.value),
          short: value.length <= 40,
        })),
        footer: slackText(`Belay · ${onOneLine(incident.id)}`, MAX.header),
        ts: Math.floor(incident.openedAtMs / 1000),
        mrkdwn_in: [],
      },
    ],
    unfurl_links: false,
    unfurl_media: false,
  };
}

function contexts(page: Page): readonly object[] {
  const note = repeatNote(page);
  const links = webLinks(page.incident).slice(0, LINKS_MAX);
  return [
    ...(note === undefined ? [] : [{ type: 'context', elements: [plain(note, MAX.text)] }]),
    ...links.map(({ text, url }) => ({
      type: 'context',
      elements: [{ type: 'mrkdwn', text: `<${escapedUrl(url)}|${slackText(text, MAX.header)}>` }],
    })),
  ];
}

function buttonsOf({ incident }: Page): readonly object[] {
  const value = cut(incident.id, MAX.value);
  const acknowledge = {
    type: 'button',
    action_id: SLACK_ACTIONS.acknowledge,
    text: plain('Acknowledge', MAX.header),
    style: 'primary',
    value,
  };
  const resolve = {
    type: 'button',
    action_id: SLACK_ACTIONS.resolve,
    text: plain('Resolve', MAX.header),
    value,
  };
  switch (incident.status) {
    case 'triggered':
      return [acknowledge, resolve];
    case 'acknowledged':
      return [resolve];
    case 'resolved':
      return [];
    default:
      return incident.status satisfies never;
  }
}

function colourOf({ action, incident }: Page): string {
  if (action === 'resolve') return RESOLVED_COLOUR;
  return action === 'acknowledge' ? ACKNOWLEDGED_COLOUR : COLOURS[incident.severity];
}

function plain(text: string, max: number): object {
  return { type: 'plain_text', text: cut(text, max), emoji: false };
}

/** The three characters that Slack reads; cut before, so that no escape is cut in two. */
export function slackText(text: string, max: number): string {
  return cut(text, max).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** `|` and `>` would end the address. */
function escapedUrl(url: string): string {
  return new URL(url).href.replaceAll('&', '&amp;').replaceAll('|', '%7C').replaceAll('>', '%3E');
}
