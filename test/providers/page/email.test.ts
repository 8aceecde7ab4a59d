import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { channel } from '../../../src/domain/paging/channel.schema.ts';
import { createEmailChannel } from '../../../src/providers/page/email.ts';
import type { PageChannel } from '../../../src/providers/page/page-channel.ts';
import { type LocalServer, startTcp } from '../../support/local-server.ts';
import { HOSTILE, acknowledged, pageOf, resolved } from '../../support/pages.ts';
import {
  SMTP_USER,
  type SmtpServer,
  type TakenMail,
  startSmtpServer,
} from '../../support/smtp-server.ts';

const { signal } = new AbortController();
const PASSWORD = 'pass wörd 4711';

let server: SmtpServer;
beforeAll(async () => {
  server = await startSmtpServer(PASSWORD);
});
afterAll(() => server.close());

function emailChannel(written: object = {}, password = PASSWORD, answerWithinMs = 5000) {
  const spec = channel.parse({
    type: 'email',
    host: '127.0.0.1',
    port: server.ports.none,
    tls: 'none',
    from: 'belay@example.org',
    to: ['ops@example.org'],
    ...written,
  });
  if (spec.type !== 'email') throw new Error('it is no e-mail channel');
  return createEmailChannel(spec, { secret: () => password, answerWithinMs });
}

const encrypted = (tls: 'starttls' | 'implicit', password = PASSWORD): PageChannel =>
  emailChannel(
    {
      tls,
      port: server.ports[tls],
      ca_file: server.caFile,
      username: SMTP_USER,
      password: { env: 'PASSWORD' },
    },
    password,
  );

const last = (): TakenMail =>
  server.taken().at(-1) ?? { from: '', to: [], content: '', isEncrypted: false, user: null };

/** The headers of a message by their names in lower case, folded lines joined. */
function headersOf(mail: TakenMail): Readonly<Record<string, readonly string[]>> {
  const [head = ''] = mail.content.split('\r\n\r\n');
  const headers: Record<string, string[]> = {};
  for (const line of head.replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n')) {
    const [, name = '', value = ''] = /^([^:]+): ?(.*)$/.exec(line) ?? [];
    (headers[name.toLowerCase()] ??= []).push(value);
  }
  return headers;
}

test('a page is this message', async () => {
  const { receipt } = await emailChannel().send(pageOf({ to: 'ada@example.org' }), signal);
  expect(receipt).toBe('250 2.0.0 OK: queued as 4Tz1Q');
  const mail = last();
  expect(mail).toMatchObject({ from: 'belay@example.org', to: ['ada@example.org'] });
  expect(headersOf(mail)).toMatchObject({
    from: ['Belay <belay@example.org>'],
    to: ['Ada <ada@example.org>'],
    subject: ['CRITICAL: checkout answers slowly'],
    'auto-submitted': ['auto-generated'],
    importance: ['high'],
    'x-belay-incident': ['incident/3f9a'],
    'x-belay-page': ['incident/3f9a/1/1/ops-slack'],
    'content-type': ['text/plain; charset=utf-8'],
  });
  const [, body] = mail.content.split('\r\n\r\n', 2);
  expect(body).toContain('p95 is 900 ms, limit 250 ms');
  const rest = mail.content;
  expect(rest).toContain('Severity: critical\r\n');
  expect(rest).toContain('Release 6: https://belay.example.org/release/checkout/6');
});

describe('the ids of messages', () => {
  const ids = (mail: TakenMail) => {
    const headers = headersOf(mail);
    return {
      id: headers['message-id']?.[0],
      thread: headers.references?.[0],
      answers: headers['in-reply-to']?.[0],
    };
  };

  test('are the same for every attempt, and others for other pages', async () => {
    for (const dedupKey of ['a/1', 'a/1', 'a/2']) {
      await emailChannel().send(pageOf({ dedupKey }), signal);
    }
    const [first, again, other] = server.taken().slice(-3).map(ids);
    expect(first?.id).toMatch(/^<[0-9a-f]{40}@example\.org>$/);
    expect(again?.id).toBe(first?.id);
    expect(other?.id).not.toBe(first?.id);
  });

  test('put all pages of an incident into one thread, and no other', async () => {
    await emailChannel().send(pageOf({ dedupKey: 'b/1' }), signal);
    await emailChannel().send(acknowledged({ dedupKey: 'b/2' }), signal);
    await emailChannel().send(resolved({ dedupKey: 'b/3' }), signal);
    await emailChannel().send(pageOf({ dedupKey: 'b/4' }, { key: 'other' }), signal);
    const threads = server.taken().slice(-4).map(ids);
    expect(new Set(threads.slice(0, 3).map(({ thread }) => thread)).size).toBe(1);
    expect(threads[3]?.thread).not.toBe(threads[0]?.thread);
    for (const { thread, answers } of threads) expect(answers).toBe(thread);
  });
});

describe('what others wrote', () => {
  test.each(HOSTILE)('adds no header and no receiver: %s', async (_, incident) => {
    const dedupKey = `hostile\r\nBcc: evil@example.org`;
    await emailChannel().send(pageOf({ who: incident.title, dedupKey }, incident), signal);
    const mail = last();
    expect(mail.to).toEqual(['ops@example.org']);
    const headers = headersOf(mail);
    expect(headers.bcc).toBeUndefined();
    expect(Object.keys(headers).toSorted()).toEqual([
      'auto-submitted',
      'content-transfer-encoding',
      'content-type',
      'date',
      'from',
      'importance',
      'in-reply-to',
      'message-id',
      'mime-version',
      'references',
      'subject',
      'to',
      'x-belay-incident',
      'x-belay-page',
    ]);
    for (const line of mail.content.split('\r\n')) {
      expect(Buffer.byteLength(line)).toBeLessThanOrEqual(998);
      expect(line).not.toMatch(/[\n\r]/);
    }
  });

  test('cannot end the message early', async () => {
    const before = server.taken().length;
    await emailChannel().send(pageOf({}, { text: 'a\n.\nQUIT\n\r\n.\r\nb' }), signal);
    expect(server.taken()).toHaveLength(before + 1);
    expect(last().content).toContain('Release 6');
  });

  test.each([
    'ada@example.org\r\nRCPT TO:<evil@example.org>',
    'ada@example.org, evil@example.org',
    'Ada <ada@example.org>',
    'ada@example.org>',
    'nobody',
    '',
  ])('is no address, and nothing is sent: %j', async (to) => {
    const before = server.taken().length;
    await expect(emailChannel().send(pageOf({ to }), signal)).rejects.toMatchObject({
      code: 'PageRejected',
    });
    expect(server.taken()).toHaveLength(before);
  });
});

describe('a way with TLS', () => {
  test.each(['starttls', 'implicit'] as const)('by %s is encrypted, and signed in', async (tls) => {
    await encrypted(tls).send(pageOf(), signal);
    expect(last()).toMatchObject({ isEncrypted: true, user: SMTP_USER });
    expect(await encrypted(tls).check(signal)).toContain('password');
  });

  test.each(['starttls', 'implicit'] as const)(
    'by %s with a wrong password is refused for good, in words of our own',
    async (tls) => {
      const wrong = encrypted(tls, 'kolibri');
      for (const attempt of [wrong.send.bind(wrong, pageOf()), wrong.check.bind(wrong)]) {
        await expect(attempt(signal)).rejects.toMatchObject({
          code: 'PageRejected',
          message: 'email: the server refused the user name or the password with 535',
        });
      }
    },
  );

  test('is not given up where the server has none', async () => {
    const before = server.taken().length;
    const wanted = emailChannel({ tls: 'starttls', port: server.ports.none });
    await expect(wanted.send(pageOf(), signal)).rejects.toMatchObject({
      code: 'PageUndelivered',
      isUnknown: false,
      message: expect.stringContaining('454'),
    });
    expect(server.taken()).toHaveLength(before);
  });

  test('takes no certificate that nobody vouches for', async () => {
    const before = server.taken().length;
    const trusting = emailChannel({
      tls: 'implicit',
      port: server.ports.implicit,
      username: SMTP_USER,
      password: { env: 'PASSWORD' },
    });
    await expect(trusting.send(pageOf(), signal)).rejects.toMatchObject({
      code: 'PageUndelivered',
      isUnknown: false,
    });
    expect(server.taken()).toHaveLength(before);
  });

  test('needs the certificates that it names', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'belay-ca-'));
    const missing = emailChannel({ tls: 'implicit', ca_file: join(folder, 'none.pem') });
    await expect(missing.send(pageOf(), signal)).rejects.toMatchObject({ code: 'PageRejected' });
    writeFileSync(join(folder, 'bad.pem'), 'no certificate');
    const bad = emailChannel({ tls: 'implicit', ca_file: join(folder, 'bad.pem') });
    await expect(bad.send(pageOf(), signal)).rejects.toMatchObject({
      code: expect.stringMatching(/^Page/),
    });
  });
});

describe('a reply of the server', () => {
  test.each([
    ['550', 'PageRejected', false],
    ['551', 'PageRejected', false],
    ['553', 'PageRejected', false],
    ['421', 'PageUndelivered', false],
    ['450', 'PageUndelivered', false],
    ['451', 'PageUndelivered', false],
    ['452', 'PageUndelivered', false],
    ['data-554', 'PageRejected', false],
    ['data-552', 'PageRejected', false],
    ['data-451', 'PageUndelivered', false],
    ['data-421', 'PageUndelivered', false],
    ['cut', 'PageUndelivered', false],
    ['taken-cut', 'PageUndelivered', true],
  ])('to %s comes to %s, unknown: %s', async (name, code, isUnknown) => {
    const sent = emailChannel().send(pageOf({ to: `${name}@example.org` }), signal);
    await expect(sent).rejects.toMatchObject({ code, isUnknown });
  });

  test('that never comes ends with the time of the attempt', async () => {
    for (const [name, isUnknown] of [
      ['silent', false],
      ['taken-silent', true],
    ] as const) {
      const impatient = emailChannel({}, PASSWORD, 300);
      const sent = impatient.send(pageOf({ to: `${name}@example.org` }), signal);
      await expect(sent).rejects.toMatchObject({ code: 'PageUndelivered', isUnknown });
    }
  });

  test('that refuses some of several receivers leaves the others theirs', async () => {
    const several = emailChannel({ to: ['ops@example.org', '550@example.org'] });
    const { receipt } = await several.send(pageOf(), signal);
    expect(receipt).toContain('1 of 2 addresses were refused');
    expect(last().to).toEqual(['ops@example.org']);
  });
});

describe('something that is no mail server', () => {
  let other: LocalServer;
  afterAll(() => other.close());

  test.each([
    ['says nothing', ''],
    ['speaks HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['greets with a refusal', '554 no service for you\r\n'],
    ['greets for ever', '220-x\r\n'.repeat(100_000)],
  ])('which %s takes no page', async (_, greeting) => {
    other = await startTcp((socket) => socket.write(greeting));
    const wrong = emailChannel({ port: other.port }, PASSWORD, 1000);
    await expect(wrong.send(pageOf(), signal)).rejects.toMatchObject({
      code: expect.stringMatching(/^Page(?:Rejected|Undelivered)$/),
      isUnknown: false,
    });
    await expect(wrong.check(signal)).rejects.toMatchObject({ isUnknown: false });
    await other.close();
  });
});

test('a page that is called off while the server thinks throws the reason', async () => {
  const calledOff = new AbortController();
  const sent = emailChannel().send(pageOf({ to: 'silent@example.org' }), calledOff.signal);
  const reason = new Error('the worker ends');
  setTimeout(() => calledOff.abort(reason), 50);
  await expect(sent).rejects.toBe(reason);
});

test('a channel without addresses of its own needs one of the page', async () => {
  const personal = emailChannel({ to: undefined });
  await expect(personal.send(pageOf(), signal)).rejects.toMatchObject({ code: 'PageRejected' });
  await personal.send(pageOf({ to: 'ada@example.org' }), signal);
  expect(last().to).toEqual(['ada@example.org']);
});
