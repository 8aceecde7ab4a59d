import { expect, test } from 'vitest';
import { readAlerting } from '../../../src/domain/alerting/alerting-file.ts';
import { renderShard } from '../../../src/domain/alerting/render-shard.ts';
import { newShard, step } from '../../../src/domain/alerting/shard.ts';
import type { AlertLedgerEntry } from '../../../src/domain/alerting/views.ts';
import { changesAt, isIn } from '../../../src/domain/alerting/time-interval.ts';

const text = 'route: { receiver: ops }\nreceivers: { ops: { channels: [chat] } }';
const file = readAlerting({ text, file: 'alerting.yaml' });
if (file.kind === 'invalid') throw new Error(JSON.stringify(file.problems));
const clocks = { isIn, changesAt };

test('a shard says how much fires, its last pages first, and what is wrong', () => {
  const { configuration } = file;
  const from = { shard: 0, shards: 1, version: 7, configuration, bytesLimit: 1_000_000 };
  const alert = {
    ...{ labels: { alertname: 'Down' }, annotations: {}, generatorUrl: null, startsAtMs: 1 },
    ...{ endsAtMs: 90_000, isTimeout: false, updatedAtMs: 1 },
  };
  const alerts = [{ alert, groups: null, stays: [] }];
  const event = { kind: 'alerts', version: 7, alerts } as const;
  const { state } = step(newShard(from, 1, clocks), event, 1, clocks);
  const page = (sinceMs: number): AlertLedgerEntry => ({
    ...{ key: `k${sinceMs}`, group: 'g', destination: { kind: 'channel', name: 'chat' } },
    ...{ reason: 'first_page', firing: 1, resolved: 0, sinceMs, state: 'arrived' },
    ...{ attempts: [], receipt: null },
  });
  const ledger = Array.from({ length: 30 }, (_, at) => page(at * 1000));
  const shown = renderShard(state, { ledger, warnings: ['chat took 1 page(s) not'], refused: 2 });
  expect(shown).toContain('**1 of 1 alerts fire**, in 1 groups.');
  expect(shown).toContain('Configuration: 7. Refused, ever: 2.');
  const lines = shown.split('\n').filter((line) => line.includes('channel/chat'));
  expect(lines).toHaveLength(10);
  expect(lines[0]).toBe(
    '- 1970-01-01T00:00:29.000Z channel/chat: first page (1 firing, 0 over): arrived',
  );
  expect(shown).toMatch(/Warnings:\n- chat took/);
});
