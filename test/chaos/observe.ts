import { setTimeout as wait } from 'node:timers/promises';
import { request } from 'undici';

/** In order: what is missing, and what came twice, too early or unasked. */
export function compare(what: string, expected: readonly string[], found: readonly string[]) {
  const missing: string[] = [];
  const extra: string[] = [];
  let at = 0;
  for (const one of expected) {
    const place = found.indexOf(one, at);
    if (place < 0) {
      missing.push(`${what} ${one}`);
      continue;
    }
    extra.push(...found.slice(at, place).map((other) => `${what} ${other}`));
    at = place + 1;
  }
  extra.push(...found.slice(at).map((other) => `${what} ${other}`));
  return { missing, extra };
}

/** One user who asks again and again: the versions in the order in which they answered. */
export function meetUsers(url: string) {
  const versions: string[] = [];
  let stopped = false;
  const loop = (async () => {
    while (!stopped) {
      const version = await request(url).then(
        async ({ headers, body }) => {
          await body.dump();
          return String(headers['x-version']);
        },
        (error: unknown) => `nobody (${String(error)})`,
      );
      if (versions.at(-1) !== version) versions.push(version);
      await wait(10);
    }
  })();
  return {
    async stop(): Promise<readonly string[]> {
      stopped = true;
      await loop;
      return versions;
    },
  };
}
