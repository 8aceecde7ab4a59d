import { expect, test } from 'vitest';
import { configuration } from './configurations.ts';
import { HOUR, MINUTE, START, TIMES, machines } from './machine.ts';

const SHARDS = 16;

test('a heartbeat that is missed as a reload takes it away is not missing for ever', () => {
  for (const name of ['cron', 'backup', 'dog', 'prometheus']) {
    const file = (more: string) =>
      configuration(
        `receivers: { r: { channels: [c] } }\nroute: { receiver: r, group_by: [alertname, heartbeat], ${TIMES} }\n${more}`,
      );
    const world = machines(file(`heartbeats: { ${name}: { within: 10m } }`), SHARDS);
    world.clock(START + 10 * MINUTE);
    const watcher = world.states().findIndex(({ heartbeats }) => heartbeats.has(name));
    world.only(watcher, { kind: 'time' });
    const after = { kind: 'configuration', version: 2, configuration: file('') } as const;
    // The shard that watches it hears of the reload last.
    for (let shard = 0; shard < SHARDS; shard += 1) if (shard !== watcher) world.tell(shard, after);
    world.tell(watcher, { kind: 'seen', seen: [{ kind: 'heartbeat', name, atMs: START }] });
    world.tell(watcher, after);
    world.advance(START + 100 * HOUR);
    const firing = world
      .states()
      .flatMap(({ alerts }) => [...alerts.values()].filter(({ isEnded }) => !isEnded));
    expect({ name, pages: world.pages.length, firing: firing.length }).toEqual({
      ...{ name, pages: expect.any(Number), firing: 0 },
    });
  }
});
