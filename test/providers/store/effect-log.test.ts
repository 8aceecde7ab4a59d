import { mkdtempSync, rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  EFFECTS_TABLE,
  appendEffect,
  openDatabase,
  readEffects,
  transaction,
} from '../../../src/providers/store/effect-log.ts';

let folder: string;
let database: DatabaseSync;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-effects-'));
  database = open();
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(): DatabaseSync {
  return openDatabase(join(folder, 'effects.sqlite'), EFFECTS_TABLE);
}

function append(service: string, number: number, kept?: number): void {
  const key = `release/${service}/${number}/switch`;
  const effect = { key, service, generation: number, what: `v${number} 100 %`, atMs: number };
  appendEffect(database, effect, kept);
}

function generations(service: string, of = database): readonly number[] {
  return readEffects(of, service).map(({ generation }) => generation);
}

test('effects come back whole, in order, and by service', () => {
  append('shop', 2);
  append('cart', 9);
  append('shop', 1);
  expect(readEffects(database, 'shop')).toEqual([
    { key: 'release/shop/2/switch', service: 'shop', generation: 2, what: 'v2 100 %', atMs: 2 },
    { key: 'release/shop/1/switch', service: 'shop', generation: 1, what: 'v1 100 %', atMs: 1 },
  ]);
  expect(generations('cart')).toEqual([9]);
  expect(generations('none')).toEqual([]);
});

test('a second effect of the same key changes nothing', () => {
  append('shop', 1);
  const [first] = readEffects(database, 'shop');
  if (first === undefined) throw new Error('there is none');
  appendEffect(database, { ...first, what: 'something else', atMs: 99 });
  expect(readEffects(database, 'shop')).toEqual([first]);
});

test('another process sees what is committed, and nothing of what is not', () => {
  const other = open();
  transaction(database, () => {
    append('shop', 1);
    expect(generations('shop', other)).toEqual([]);
  });
  expect(generations('shop', other)).toEqual([1]);
  expect(() =>
    transaction(database, () => {
      append('shop', 2);
      throw new Error('too late');
    }),
  ).toThrow('too late');
  expect(generations('shop', other)).toEqual([1]);
  other.close();
});

describe('of many effects', () => {
  test('the newest of each service are kept', () => {
    for (let number = 1; number <= 25; number += 1) append('shop', number, 10);
    append('cart', 1, 10);
    expect(generations('shop')).toEqual([16, 17, 18, 19, 20, 21, 22, 23, 24, 25]);
    expect(generations('cart')).toEqual([1]);
  });

  test('a repeat of one that is kept drops none', () => {
    for (let number = 1; number <= 10; number += 1) append('shop', number, 10);
    append('shop', 10, 10);
    append('shop', 1, 10);
    expect(generations('shop')).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  test('nothing is dropped where the change is not made', () => {
    for (let number = 1; number <= 10; number += 1) append('shop', number, 10);
    expect(() =>
      transaction(database, () => {
        append('shop', 11, 10);
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(generations('shop')).toHaveLength(10);
    expect(generations('shop')[0]).toBe(1);
  });

  test('ten thousand are kept where nothing else is said', () => {
    transaction(database, () => {
      const insert = database.prepare(
        `INSERT INTO effects (key, service, generation, what, at_ms) VALUES (?, 'shop', ?, '', 0)`,
      );
      for (let number = 1; number <= 10_005; number += 1) insert.run(`old/${number}`, number);
      append('shop', 20_000);
    });
    const kept = generations('shop');
    expect(kept).toHaveLength(10_000);
    expect([kept[0], kept.at(-1)]).toEqual([7, 20_000]);
  });
});
