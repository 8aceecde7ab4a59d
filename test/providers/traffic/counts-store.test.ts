import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type Counted,
  KEPT_SECONDS,
  createCountsStore,
} from '../../../src/providers/traffic/counts-store.ts';

const AT_MS = 1_700_000_000_000;

function request(changes: Partial<Counted> = {}): Counted {
  return {
    service: 'shop',
    version: 'v1',
    audience: 'live',
    kind: 'good',
    latencyMs: 10,
    atMs: AT_MS,
    ...changes,
  };
}

function query(changes: Partial<Parameters<Store['read']>[0]> = {}) {
  return {
    service: 'shop',
    version: 'v1',
    audience: 'live' as const,
    fromMs: AT_MS - 60_000,
    toMs: AT_MS + 60_000,
    ...changes,
  };
}

type Store = ReturnType<typeof createCountsStore>;

describe('counts', () => {
  test('tell good, faulty, failed and given up requests apart, and have no latency of what failed', () => {
    const store = createCountsStore();
    store.record(request());
    store.record(request({ kind: 'faulty' }));
    store.record(request({ kind: 'failed', latencyMs: 9999 }));
    store.record(request({ kind: 'given_up' }));
    const { latency, ...counts } = store.read(query());
    expect(counts).toMatchObject({ requests: 4, faulty: 1, failed: 1, givenUp: 1 });
    expect(latency.total).toBe(3);
    expect(Object.values(latency.counts)).toEqual([3]);
  });

  test.each([
    ['service', { service: 'other' }],
    ['version', { version: 'v2' }],
    ['audience', { audience: 'preview' }],
  ] as const)('are kept apart by %s', (_name, other) => {
    const store = createCountsStore();
    store.record(request());
    expect(store.read(query(other)).requests).toBe(0);
    store.record(request(other));
    expect(store.read(query(other)).requests).toBe(1);
    expect(store.read(query()).requests).toBe(1);
  });

  test.each([
    ['the second in which the window begins', 0, 1000, 1],
    ['a part of that second', 900, 1000, 1],
    ['the second before', 1000, 2000, 0],
    ['the second in which the window ends', -1000, 1, 1],
    ['the second after', -1000, 0, 0],
  ])('overlap the window by whole seconds: %s', (_name, from, to, requests) => {
    const store = createCountsStore();
    store.record(request({ atMs: AT_MS + 500 }));
    const window = { fromMs: AT_MS + from, toMs: AT_MS + to };
    expect(store.read(query(window)).requests).toBe(requests);
  });

  test('take a latency below zero, by a clock that was set back, for none', () => {
    const store = createCountsStore();
    store.record(request({ latencyMs: -5 }));
    expect(store.read(query()).latency.total).toBe(1);
  });
});

describe('a quarter of an hour', () => {
  const LATER_MS = AT_MS + KEPT_SECONDS * 1000 + 1000;
  const ever = { fromMs: 0, toMs: LATER_MS + 1000 };

  test('is kept, and what is older forgotten', () => {
    const store = createCountsStore();
    store.record(request());
    store.record(request({ atMs: AT_MS + 1000 }));
    store.record(request({ atMs: LATER_MS }));
    expect(store.read(query(ever)).requests).toBe(2);
  });

  test('is also all that is kept of a version that has no requests any more', () => {
    const folder = mkdtempSync(join(tmpdir(), 'belay-counts-'));
    const file = join(folder, 'counts.json');
    const store = createCountsStore(file);
    for (let version = 0; version < 100; version += 1) {
      store.record(request({ version: `v${version}` }));
    }
    store.save();
    expect(readFileSync(file, 'utf8')).toContain('v99');
    store.record(request({ version: 'now', atMs: LATER_MS }));
    store.save();
    expect(JSON.parse(readFileSync(file, 'utf8'))).toHaveLength(1);
    expect(store.read(query({ ...ever, version: 'v99' })).requests).toBe(0);
    rmSync(folder, { recursive: true, force: true });
  });

  test('is not what a request of long ago begins anew', () => {
    const store = createCountsStore();
    store.record(request({ atMs: LATER_MS }));
    store.record(request({ atMs: AT_MS }));
    expect(store.read(query(ever)).requests).toBe(1);
  });
});

describe('over a restart', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'belay-counts-'));
    file = join(folder, 'counts.json');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('counts are what was saved', () => {
    const store = createCountsStore(file);
    store.record(request({ latencyMs: 3 }));
    store.record(request({ kind: 'faulty', latencyMs: 300 }));
    store.record(request({ audience: 'preview', kind: 'failed' }));
    store.record(request({ kind: 'given_up' }));
    store.save();
    const again = createCountsStore(file);
    for (const audience of ['live', 'preview'] as const) {
      expect(again.read(query({ audience }))).toEqual(store.read(query({ audience })));
    }
    again.record(request());
    expect(again.read(query()).requests).toBe(4);
  });

  test('a file of before anybody told what was given up is read', () => {
    writeFileSync(file, '[["shop\\nv1\\nlive",[[1700000000,3,2,1,[10,2]]]]]');
    const { latency, ...counts } = createCountsStore(file).read(
      query({ fromMs: 1_700_000_000_000, toMs: 1_700_000_001_000 }),
    );
    expect(counts).toMatchObject({ requests: 3, faulty: 2, failed: 1, givenUp: 0 });
    expect(latency).toEqual({ counts: { 10: 2 }, total: 2 });
  });

  test.each([
    ['nothing', ''],
    ['half of it', '[["shop\\nv1\\nlive",[[17'],
    ['something else', '{"a":1}'],
    ['a list of something else', '[1,2]'],
  ])('a file with %s is as good as none', (_name, text) => {
    writeFileSync(file, text);
    const store = createCountsStore(file);
    expect(store.read(query()).requests).toBe(0);
    store.record(request());
    store.save();
    expect(createCountsStore(file).read(query()).requests).toBe(1);
  });
});
