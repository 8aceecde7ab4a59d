import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findProgram } from '../../../src/dev/find-program.ts';
import {
  type HaproxyConfig,
  renderHaproxyConfig,
} from '../../../src/providers/traffic/haproxy-config.ts';

/** What docker-compose.yml mounts where. */
const SHIPPED: HaproxyConfig = {
  services: [{ name: 'checkout', bind: ':8080' }],
  statsSocket: '/var/lib/belay/haproxy/haproxy.sock',
  stateDir: '/var/lib/belay/haproxy',
  lua: '/etc/belay/belay.lua',
  tap: '10.213.7.10:7072',
  slots: 16,
};
const BASKET = { name: 'basket', bind: ':8081' };

const inRepository = (path: string): string =>
  fileURLToPath(new URL(`../../../${path}`, import.meta.url));

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-haproxy-'));
  writeFileSync(join(folder, 'belay.map'), '');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Throws, with what HAProxy says, when it does not take the configuration. */
function check(text: string): void {
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(file, text);
  const program = findProgram('haproxy', process.env.PATH ?? '');
  if (program === undefined) throw new Error('there is no haproxy: apt-get install haproxy');
  execFileSync(program, ['-c', '-f', file], { stdio: 'pipe' });
}

test('the shipped haproxy.cfg is what the function renders', () => {
  const shipped = readFileSync(inRepository('haproxy/haproxy.cfg'), 'utf8');
  expect(shipped).toBe(renderHaproxyConfig(SHIPPED));
});

test('a service added as its comment says is what the function renders', () => {
  const shipped = renderHaproxyConfig(SHIPPED);
  const part = shipped.slice(shipped.indexOf('\nfrontend checkout'));
  const added = part.replaceAll('checkout', BASKET.name).replace('bind :8080', 'bind :8081');
  expect(shipped + added).toBe(
    renderHaproxyConfig({ ...SHIPPED, services: [...SHIPPED.services, BASKET] }),
  );
});

test('HAProxy takes a rendered configuration', () => {
  const config: HaproxyConfig = {
    ...SHIPPED,
    services: [...SHIPPED.services, BASKET],
    statsSocket: join(folder, 'haproxy.sock'),
    stateDir: folder,
    lua: inRepository('haproxy/belay.lua'),
    tap: '127.0.0.1:7072',
  };
  expect(() => check(renderHaproxyConfig(config))).not.toThrow();
  expect(() => check(`${renderHaproxyConfig(config)}\nnonsense\n`)).toThrow('nonsense');
});
