import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type Misbehaviour,
  type PretendServer,
  startPretendServer,
} from '../../src/dev/pretend/pretend-server.ts';

let server: PretendServer;
let taken: number;

beforeEach(async () => {
  taken = 0;
  server = await startPretendServer(() => {
    taken += 1;
    return { status: 202, body: 'taken' };
  });
});
afterEach(() => server.close());

/** The status and the text, or that there was none within a while. */
async function ask(withinMs = 500): Promise<string> {
  const signal = AbortSignal.timeout(withinMs);
  return fetch(server.url, { method: 'POST', body: 'x', signal }).then(
    async (answer) => `${answer.status} ${await answer.text().catch(() => 'and no end')}`,
    () => (signal.aborted ? 'no answer in time' : 'no answer'),
  );
}

const CASES: readonly (readonly [Misbehaviour, string, number])[] = [
  [{ kind: 'answer', status: 429, body: 'slow down' }, '429 slow down', 0],
  [{ kind: 'silent', when: 'before' }, 'no answer in time', 0],
  [{ kind: 'silent', when: 'after' }, 'no answer in time', 1],
  [{ kind: 'cut', when: 'before' }, 'no answer', 0],
  [{ kind: 'cut', when: 'after' }, 'no answer', 1],
  [{ kind: 'late', byMs: 50 }, '202 taken', 1],
  [{ kind: 'endless' }, '202 and no end', 1],
  [{ kind: 'noise' }, 'no answer', 0],
];

describe('a pretended provider', () => {
  test.each(CASES)('that is told %j', async (misbehaviour, answered, times) => {
    server.misbehave(misbehaviour);
    expect(await ask()).toBe(answered);
    expect(taken).toBe(times);
    expect(await ask(5000)).toBe('202 taken');
  });

  test('misbehaves as often as it is told to, in order, and notes every request', async () => {
    server.misbehave({ kind: 'answer', status: 500, body: '' }, 2);
    server.misbehave({ kind: 'answer', status: 503, body: '' });
    const answers = [await ask(5000), await ask(5000), await ask(5000), await ask(5000)];
    expect(answers).toEqual(['500 ', '500 ', '503 ', '202 taken']);
    expect(server.requests.map(({ method, body }) => `${method} ${body}`)).toEqual(
      Array.from({ length: 4 }, () => 'POST x'),
    );
  });
});
