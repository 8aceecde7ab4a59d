import type { Incident, Page } from '../../src/domain/paging/page.ts';

export const INCIDENT: Incident = {
  id: 'incident/3f9a',
  key: '3f9ac0ffee',
  title: 'checkout answers slowly',
  text: 'p95 is 900 ms, limit 250 ms\nsince 12:04',
  severity: 'critical',
  status: 'triggered',
  by: undefined,
  source: 'checkout',
  policy: 'checkout',
  openedAtMs: 1_795_519_904_254,
  labels: { service: 'checkout', version: 'v5' },
  links: [{ text: 'Release 6', url: 'https://belay.example.org/release/checkout/6' }],
};

/** A page of level 1 to the channel's own place. */
export function pageOf(changes: Partial<Page> = {}, incident: Partial<Incident> = {}): Page {
  return {
    dedupKey: 'incident/3f9a/1/1/ops-slack',
    action: 'trigger',
    incident: { ...INCIDENT, ...incident },
    to: undefined,
    who: 'Ada',
    level: 1,
    round: 1,
    maybeRepeated: false,
    ...changes,
  };
}

export function acknowledged(changes: Partial<Page> = {}): Page {
  return pageOf({ action: 'acknowledge', ...changes }, { status: 'acknowledged', by: 'ada' });
}

export function resolved(changes: Partial<Page> = {}): Page {
  return pageOf({ action: 'resolve', ...changes }, { status: 'resolved', by: 'ada' });
}

const EVIL =
  'a\r\nBcc: evil@example.org\n\n<!channel> <@U0EVIL> <https://evil.example|click> @everyone @here ' +
  '<@&123456> <at>Everyone</at> **b** _i_ ~s~ `c` [l](javascript:alert(1)) &amp; "q" \\ \0 \u0007 ' +
  '\u202Eright to left\u2066 \u2028 👩‍👩‍👧‍👦 \uD800 é𝄞 ';

/** Texts that try to be more than text, or too much of it. */
export const HOSTILE: readonly (readonly [string, Partial<Incident>])[] = [
  [
    'markup, mentions and control characters',
    {
      title: EVIL,
      text: EVIL,
      source: EVIL,
      policy: EVIL,
      by: EVIL,
      labels: { [EVIL]: EVIL, __proto__x: EVIL, constructor: 'x' },
      links: [
        { text: EVIL, url: 'https://example.org/a|b>c?d=<e>&f=1' },
        { text: 'script', url: 'javascript:alert(1)' },
        { text: 'broken', url: 'https://exa mple.org/' },
        { text: 'lines', url: 'https://example.org/\r\nx: y' },
      ],
    },
  ],
  [
    'a megabyte each',
    {
      title: '💥'.repeat(250_000),
      text: '💥'.repeat(250_000),
      source: 'é'.repeat(100_000),
      policy: 'x'.repeat(100_000),
      labels: Object.fromEntries(
        Array.from({ length: 2000 }, (_, at) => [`${at}${'k'.repeat(500)}`, '"'.repeat(500)]),
      ),
      links: Array.from({ length: 200 }, (_, at) => ({
        text: 't'.repeat(5000),
        url: `https://example.org/${at}/${'p'.repeat(1000)}`,
      })),
    },
  ],
  [
    'markup and nothing else',
    {
      title: '*'.repeat(10_000),
      text: '_'.repeat(10_000),
      source: '>'.repeat(10_000),
      policy: '`'.repeat(10_000),
      labels: Object.fromEntries(
        Array.from({ length: 50 }, (_, at) => ['*'.repeat(60 + at), '#'.repeat(500)]),
      ),
    },
  ],
  ['nothing', { title: '', text: '', source: '', policy: '', labels: { a: '' }, links: [] }],
  ['only what is not shown', { title: '\u0000\u202E', text: ' \n ', source: '\u2028' }],
];
