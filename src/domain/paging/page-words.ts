import type { Incident, Page } from './page.ts';

/** What a screen would obey instead of show: control characters but for tab and line break, and
 * those that turn the direction of text around. */
const UNPRINTABLE = /[^\P{Cc}\n\t]|[\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;
const SPACES = /[\p{Cc}\p{Zl}\p{Zp}\s]+/gu;

export interface Fact {
  readonly name: string;
  readonly value: string;
}

/** Text of others, made harmless for a screen; may have several lines. Well-formed Unicode. */
export function printable(text: string): string {
  return text.replaceAll('\r\n', '\n').replaceAll(UNPRINTABLE, ' ').toWellFormed().trim();
}

/** The same on one line. */
export function onOneLine(text: string): string {
  return printable(text).replaceAll(SPACES, ' ');
}

/** At most `max` UTF-16 units, so at most as many characters; what is cut ends with `…`. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const kept = text.slice(0, Math.max(0, max - 1));
  // Half of a pair is no character.
  return `${kept.isWellFormed() ? kept : kept.slice(0, -1)}…`;
}

/** `CRITICAL: checkout is down`, or what has become of it. One line. */
export function headline({ incident, action }: Page): string {
  const title = onOneLine(incident.title) || 'An incident without a title';
  return `${tagOf(incident, action)}: ${title}`;
}

function tagOf(incident: Incident, action: Page['action']): string {
  switch (action) {
    case 'trigger':
      return incident.severity.toUpperCase();
    case 'acknowledge':
      return 'ACKNOWLEDGED';
    case 'resolve':
      return 'RESOLVED';
    default:
      return action satisfies never;
  }
}

/** What a receiver is told where its provider may show a repeat as a second message. */
export function repeatNote(page: Page): string | undefined {
  return page.maybeRepeated
    ? 'This may have arrived before: the answer to an earlier attempt was lost.'
    : undefined;
}

export interface FactLimits {
  readonly count: number;
  /** Of the name of one, in characters; likewise its value, and all together. */
  readonly name: number;
  readonly value: number;
  readonly total: number;
}

/**
 * What everybody wants to know first, then the labels of the incident, for as long as it fits. No
 * value is empty.
 */
export function factsOf(page: Page, max: FactLimits): readonly Fact[] {
  const { incident } = page;
  const all: readonly (readonly [string, string | undefined])[] = [
    ['Severity', incident.severity],
    ['Status', statusOf(incident)],
    ['Source', incident.source],
    ['For', page.who],
    ['Policy', incident.policy],
    ['Level', `${page.level}, round ${page.round}`],
    ['Incident', incident.id],
    ...Object.entries(incident.labels),
  ];
  const facts: Fact[] = [];
  let left = max.total;
  for (const [written, text] of all) {
    const name = cut(onOneLine(written), max.name);
    const value = cut(onOneLine(text ?? ''), max.value);
    if (name === '' || value === '') continue;
    left -= name.length + value.length;
    if (left < 0 || facts.length === max.count) break;
    facts.push({ name, value });
  }
  return facts;
}

function statusOf({ status, by }: Incident): string {
  return by === undefined ? status : `${status} by ${by}`;
}

/** The links that lead to a page of the web: nobody is to click on `javascript:`. */
export function webLinks(incident: Incident): Incident['links'] {
  return incident.links.flatMap(({ text, url }) => {
    const isWeb = /^https?:\/\/[^\s\p{Cc}]{1,2000}$/u.test(url) && URL.canParse(url);
    return isWeb ? [{ text: onOneLine(text) || url, url }] : [];
  });
}
