import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { SERVICE, startRouterRig } from '../../support/router-rig.ts';
import type { VersionServer } from '../../support/version-server.ts';

/** As the releases before 0.2 left them: two versions, generation 6002, nothing of steering. */
const KEY = 'rollback/checkout/6/switch';

function oldStateFile(folder: string, [v1, v2]: readonly VersionServer[]): void {
  mkdirSync(join(folder, 'state'), { recursive: true });
  const lines = [
    `6002\t6002-a4e160eac3e064e4\t${KEY}\t1794000000000`,
    `a\tv1\t0\t127.0.0.1:${v1?.instance.port}`,
    `b\tv2\t100\t127.0.0.1:${v2?.instance.port},127.0.0.1:1`,
    'end',
  ];
  writeFileSync(join(folder, 'state', `${SERVICE}.state`), `${lines.join('\n')}\n`);
}

function oldDatabase(folder: string, servers: readonly VersionServer[]): void {
  const database = new DatabaseSync(join(folder, 'router.sqlite'));
  database.exec(`CREATE TABLE traffic (
    service TEXT PRIMARY KEY,
    generation INTEGER NOT NULL,
    key TEXT NOT NULL,
    routes TEXT NOT NULL
  ) STRICT`);
  const routes = servers.map(({ instance }, index) => {
    return { version: `v${index + 1}`, weightPercent: index * 100, instances: [instance] };
  });
  database
    .prepare('INSERT INTO traffic VALUES (?, ?, ?, ?)')
    .run(SERVICE, 6002, KEY, JSON.stringify(routes));
  database.close();
}

test.each([
  ['haproxy', oldStateFile],
  ['embedded', oldDatabase],
] as const)('%s goes on from a state of before there was steering', async (kind, prepare) => {
  const rig = await startRouterRig(kind, ['v1', 'v2'], prepare);
  try {
    const state = await rig.read();
    expect(state).toMatchObject({
      generation: 6002,
      key: KEY,
      routes: [
        { version: 'v1', weightPercent: 0 },
        { version: 'v2', weightPercent: 100 },
      ],
    });
    for (let at = 0; at < 5; at += 1) expect(await (await fetch(rig.url())).text()).toBe('v2');
    const late = rig.apply(rig.routes(100, 0), { generation: 6001 });
    await expect(late).rejects.toMatchObject({ code: 'StaleGeneration' });
    const affinity = { cookie: 'user', maxAgeS: 60, salt: 'x' };
    const next = { generation: 6003, after: 6002, affinity };
    expect(await rig.apply(rig.routes(100, 0), next)).toMatchObject({ affinity });
    expect(await (await fetch(rig.url())).text()).toBe('v1');
  } finally {
    await rig.close();
  }
});
