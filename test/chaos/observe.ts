import { setTimeout as wait } from 'node:timers/promises';
import { request } from 'undici';

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
