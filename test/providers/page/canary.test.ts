import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { channel } from '../../../src/domain/paging/channel.schema.ts';
import { createPageChannels } from '../../../src/providers/page/registry.ts';
import { type LocalServer, startHttp } from '../../support/local-server.ts';
import { acknowledged, pageOf } from '../../support/pages.ts';
import { SECRETS, SUBJECTS, type Trouble } from './subjects.ts';

const { signal } = new AbortController();
const TROUBLES: readonly Trouble[] = ['refused', 'busy', 'taken and cut', 'garbage'];

/** Every form in which a planted secret would be one. */
const CANARIES = Object.values(SECRETS).flatMap((value) => [
  value,
  encodeURIComponent(value),
  Buffer.from(value).toString('base64'),
  JSON.stringify(value).slice(1, -1),
]);

/** Everything in an object that anybody could print, the hidden parts of an error included. */
function everythingIn(value: unknown): string {
  return inspect(value, { depth: 20, showHidden: true, maxStringLength: null, getters: true });
}

function found(text: string): readonly string[] {
  return CANARIES.filter((canary) => text.includes(canary));
}

/** What was written to the outputs of this process meanwhile. */
function listen(): { readonly lines: readonly string[]; stop(): void } {
  const lines: string[] = [];
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((chunk) => {
      lines.push(String(chunk));
      return true;
    }),
  );
  return {
    lines,
    stop: () => {
      for (const spy of spies) spy.mockRestore();
    },
  };
}

describe.each(Object.entries(SUBJECTS))('the secrets of %s', (_, start) => {
  test('are in no receipt, handle, failure or output, whatever goes wrong', async () => {
    const subject = await start({ answerWithinMs: 2000, secrets: SECRETS });
    const output = listen();
    const seen: unknown[] = [subject.spec];
    const note = async (promise: Promise<unknown>): Promise<void> => {
      seen.push(await promise.catch((error: unknown) => error));
    };
    try {
      await note(subject.channel.send(pageOf(), signal));
      await note(subject.channel.update(acknowledged(), 'no handle', signal));
      await note(subject.channel.check(signal));
      for (const trouble of TROUBLES) {
        await note(subject.channel.send(pageOf(subject.make(trouble)), signal));
      }
      await note(subject.nobody.send(pageOf(), signal));
      await note(subject.nobody.check(signal));
    } finally {
      output.stop();
      await subject.close();
    }
    expect(seen).toHaveLength(10);
    expect(found(everythingIn(seen))).toEqual([]);
    expect(found(output.lines.join(''))).toEqual([]);
  });
});

describe('a provider that echoes all that it was sent', () => {
  let server: LocalServer;
  afterEach(() => server.close());

  test.each([
    { type: 'slack', bot_token: { env: 'TOKEN' }, channel: '#ops' },
    { type: 'slack', webhook_url: { env: 'URL' } },
    { type: 'pagerduty', routing_key: { env: 'ROUTING' } },
    { type: 'webhook', url: { env: 'URL' }, headers: { 'x-key': { env: 'HEADER' } } },
    { type: 'opsgenie', api_key: { env: 'API_KEY' } },
    { type: 'discord', webhook_url: { env: 'URL' } },
    { type: 'teams', webhook_url: { env: 'URL' } },
  ])('does not get a secret of $type into a failure', async (written) => {
    server = await startHttp((request, response) => {
      const { path, headers, body } = request;
      response.writeHead(400);
      const credentials = `${headers.authorization ?? ''} ${String(headers['x-key'])}`;
      response.end(`bad request: ${path} ${credentials} ${body.slice(0, 60)}`);
    });
    const hasUrl = !('webhook_url' in written) && !('url' in written);
    const spec = channel.parse({ ...written, ...(hasUrl ? { url: server.url } : {}) });
    const environment: Readonly<Record<string, string>> = {
      ...SECRETS,
      URL: `${server.url}${SECRETS.PATH}`,
    };
    const create = createPageChannels({
      secret: (name) => environment[name],
      write: () => undefined,
      nowMs: () => 0,
      newId: () => 'id',
    });
    const failure: unknown = await create('ops', spec)
      .send(pageOf(), signal)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'PageRejected',
      message: expect.stringContaining('[secret]'),
    });
    expect(found(everythingIn(failure))).toEqual([]);
  });
});

describe('a secret that cannot be used', () => {
  const folder = mkdtempSync(join(tmpdir(), 'belay-secrets-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each([
    ['no URL', 'kolibri not a url'],
    ['a URL of another kind', 'file:///kolibri/secret'],
    ['several lines', 'https://example.org/kolibri\nx-header: kolibri'],
    ['nothing', ''],
  ])('is named by its place, not by its value: %s', async (_, value) => {
    const file = join(folder, 'url');
    writeFileSync(file, value);
    for (const place of [{ file }, { env: 'URL' }]) {
      for (const type of ['slack', 'discord', 'teams']) {
        const create = createPageChannels({
          secret: () => value,
          write: () => undefined,
          nowMs: () => 0,
          newId: () => 'id',
        });
        const failure: unknown = await create('ops', channel.parse({ type, webhook_url: place }))
          .send(pageOf(), signal)
          .catch((error: unknown) => error);
        expect(failure).toMatchObject({ code: 'PageRejected' });
        expect(everythingIn(failure)).not.toContain('kolibri');
      }
    }
  });
});
