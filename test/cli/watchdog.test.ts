import { afterEach, describe, expect, test, vi } from 'vitest';
import { closedPort } from '../support/local-server.ts';
import { run } from './run-cli.ts';

afterEach(() => vi.unstubAllEnvs());

describe('belay watchdog', () => {
  test('looks once without a paging file, and exits with 1 where something is wrong', async () => {
    const address = `127.0.0.1:${await closedPort()}`;
    vi.stubEnv('TEMPORAL_ADDRESS', address);
    vi.stubEnv('BELAY_PAGING', undefined);
    const { code, out, connected } = await run(['watchdog', '--once']);
    expect({ code, connected }).toEqual({ code: 1, connected: 0 });
    const lines = out.split('\n');
    expect(lines[0]).toBe(`Temporal at ${address}, namespace default`);
    expect(lines[1]).toMatch(/^WRONG {4}unreachable belay: .*UNAVAILABLE/);
    expect(lines).toContain('UNKNOWN  no_pollers belay-page: it could not be looked at');
    expect(lines).toContain('BELAY_PAGING is not set: nobody would be paged');
  });

  test('does not begin to watch without anybody to page', async () => {
    vi.stubEnv('BELAY_PAGING', undefined);
    const { code, err } = await run(['watchdog']);
    expect(code).not.toBe(0);
    expect(err).toContain('set BELAY_PAGING');
  });

  test('says which paging file cannot be read', async () => {
    vi.stubEnv('BELAY_PAGING', '/nowhere/paging.yaml');
    const { code, err } = await run(['watchdog', '--once']);
    expect(code).toBe(2);
    expect(err).toMatch(/^PagingFileInvalid: .*\/nowhere\/paging.yaml/);
  });

  test('takes --json for one look only', async () => {
    const { code, err } = await run(['watchdog', '--json']);
    expect(code).toBe(2);
    expect(err).toContain('--json is for --once');
  });
});
