import { createHash } from 'node:crypto';
import MailComposer from 'nodemailer/lib/mail-composer';
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

const MAX = { subject: 200, text: 100_000, header: 200, name: 100 };
const FACTS_MAX = { count: 100, name: 200, value: 2000, total: 50_000 };

const IMPORTANCE = { critical: 'high', error: 'high', warning: 'normal', info: 'low' } as const;

export interface Mail {
  readonly messageId: string;
  readonly bytes: Buffer;
}

/**
 * A page as a message of RFC 5322. Its Message-ID follows from the page's key, so that every
 * attempt is the same message; all pages of an incident refer to the same one, which no server has,
 * so that readers show them as one thread.
 */
export async function composeMail(
  page: Page,
  envelope: { readonly from: string; readonly to: readonly string[] },
): Promise<Mail> {
  const { from } = envelope;
  const domain = from.slice(from.lastIndexOf('@') + 1);
  const messageId = `<${digest(page.dedupKey)}@${domain}>`;
  const thread = `<${digest(`incident ${page.incident.key}`)}@${domain}>`;
  const composer = new MailComposer({
    from: { name: 'Belay', address: from },
    to: envelope.to.map((address) => ({ name: nameFor(page, envelope.to), address })),
    subject: cut(headline(page), MAX.subject),
    messageId,
    inReplyTo: thread,
    references: [thread],
    date: new Date(),
    headers: {
      'Auto-Submitted': 'auto-generated',
      Importance: page.action === 'trigger' ? IMPORTANCE[page.incident.severity] : 'normal',
      'X-Belay-Incident': cut(onOneLine(page.incident.id), MAX.header),
      'X-Belay-Page': cut(onOneLine(page.dedupKey), MAX.header),
    },
    text: textOf(page),
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return { messageId, bytes: await composer.compile().build() };
}

/** Somebody's own address gets their name; a list gets none. */
function nameFor({ who, to }: Page, all: readonly string[]): string {
  return to === undefined || all.length !== 1 ? '' : cut(onOneLine(who ?? ''), MAX.name);
}

function textOf(page: Page): string {
  const { incident } = page;
  const facts = factsOf(page, FACTS_MAX).map(({ name, value }) => `${name}: ${value}`);
  const links = webLinks(incident).map(({ text, url }) => `${text}: ${url}`);
  return [repeatNote(page) ?? '', printable(incident.text), facts.join('\n'), links.join('\n')]
    .filter((part) => part !== '')
    .map((part) => cut(part, MAX.text))
    .join('\n\n');
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 40);
}
