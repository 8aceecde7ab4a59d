import { MockActivityEnvironment } from '@temporalio/testing';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLastMessages } from '../../src/activities/last-messages.ts';
import { type Clock, systemClock } from '../../src/activities/clock.ts';
import type { AlertStore } from '../../src/domain/alerting/alert-store.ts';
import { received } from '../../src/domain/alerting/alert.ts';
import { fingerprint } from '../../src/domain/alerting/fingerprint.ts';
import type { Ask, Seen } from '../../src/domain/alerting/shard-state.ts';
import { createAlertStore } from '../../src/providers/alert-store/registry.ts';

const NOW = Date.parse('2026-11-26T12:00:00Z');
const labels = { alertname: 'Down' };
const KNOWN = fingerprint(labels);
const ASKS: readonly Ask[] = [
  { kind: 'heartbeat', name: 'prometheus' },
  { kind: 'alert', fingerprint: KNOWN },
  { kind: 'alert', fingerprint: '0'.repeat(16) },
  { kind: 'heartbeat', name: 'never' },
];
const NONE = Number.MIN_SAFE_INTEGER;
const UNKNOWN = ['unknown', 'unknown', 'unknown', 'unknown'];
const clock: Clock = { ...systemClock, nowMs: () => NOW };

let folder: string;
let store: AlertStore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-last-messages-'));
  store = createAlertStore(`sqlite:${join(folder, 'alerts.db')}`);
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

async function ask(from: AlertStore | undefined, by = clock): Promise<readonly Seen[]> {
  const { askLastMessages } = createLastMessages({ store: from, clock: by });
  const seen: readonly Seen[] = await new MockActivityEnvironment().run(askLastMessages, ASKS);
  return seen;
}

async function answers(from: AlertStore | undefined, by?: Clock) {
  const seen = await ask(from, by);
  return seen.map((one) => (one.kind === 'alert' ? one.endsAtMs : one.atMs));
}

test('what has come last is answered in the order of the asks, with when it was asked', async () => {
  await store.delivered([received({ labels }, NOW, 60_000)], NOW);
  await store.beat(['prometheus'], NOW - 5);
  expect(await ask(store)).toEqual([
    { kind: 'heartbeat', name: 'prometheus', atMs: NOW - 5 },
    { kind: 'alert', fingerprint: KNOWN, endsAtMs: NOW + 60_000, askedAtMs: NOW },
    { kind: 'alert', fingerprint: '0'.repeat(16), endsAtMs: NONE, askedAtMs: NOW },
    { kind: 'heartbeat', name: 'never', atMs: NONE },
  ]);
});

test('without a store the ends of the shard stand, and of heartbeats nothing is known', async () => {
  expect(await answers(undefined)).toEqual(['unknown', NONE, NONE, 'unknown']);
});

test('of a store that cannot be asked all is unknown', async () => {
  expect(await answers(createAlertStore(`sqlite:${folder}`))).toEqual(UNKNOWN);
});

test('a store that somebody holds is given up within three seconds', async () => {
  await store.beat(['prometheus'], NOW);
  const other = new DatabaseSync(join(folder, 'alerts.db'));
  other.exec('BEGIN IMMEDIATE');
  const sinceMs = performance.now();
  expect(await answers(store)).toEqual(UNKNOWN);
  expect(performance.now() - sinceMs).toBeLessThan(3500);
  other.close();
});

test('a clock that says the time is over does not wait for the store', async () => {
  const never: AlertStore = { ...store, endsOf: () => new Promise(() => {}) };
  const hasty: Clock = { ...clock, pause: () => Promise.resolve() };
  expect(await answers(never, hasty)).toEqual(UNKNOWN);
});
