import { appendFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAssignmentsStore } from '../../../src/providers/traffic/assignments-store.ts';
import { createUserSet } from '../../../src/providers/traffic/user-set.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-assignments-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const hex = (user: number): string => user.toString(16).padStart(16, '0');
const of = (version: string, user: number, affinity = 'aaaaaaaa') => {
  return { service: 'shop', version, affinity, user: hex(user) };
};

describe('the assignments of a service', () => {
  test('are the distinct users of each version', () => {
    const store = createAssignmentsStore(folder);
    for (const user of [1, 2, 2, 1, 3]) store.record(of('v1', user));
    store.record(of('v2', 3));
    expect(store.read('shop', 'aaaaaaaa')).toEqual([
      { version: 'v1', users: 3 },
      { version: 'v2', users: 1 },
    ]);
    expect(store.read('cart', 'aaaaaaaa')).toEqual([]);
  });

  test('are kept over a restart, and users of before are not counted again', () => {
    const store = createAssignmentsStore(folder);
    for (let user = 1; user <= 100; user += 1) store.record(of('v1', user));
    store.save();
    store.record(of('v1', 101));
    store.save();
    const next = createAssignmentsStore(folder);
    next.record(of('v1', 50));
    next.record(of('v1', 102));
    expect(next.read('shop', 'aaaaaaaa')).toEqual([{ version: 'v1', users: 102 }]);
  });

  test('are read but for what a crash has cut off, and files of others stay', () => {
    const store = createAssignmentsStore(folder);
    store.record(of('v1', 1));
    store.save();
    const [file = ''] = readdirSync(folder);
    appendFileSync(join(folder, file), Buffer.from([1, 2, 3]));
    writeFileSync(join(folder, 'half.users'), '{"service":');
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    const next = createAssignmentsStore(folder);
    next.record(of('v1', 2));
    next.save();
    const last = createAssignmentsStore(folder);
    expect(last.read('shop', 'aaaaaaaa')).toEqual([{ version: 'v1', users: 2 }]);
    expect(readdirSync(folder).toSorted()).toEqual([file, 'notes.txt'].toSorted());
  });

  test('are those of the two newest affinities', () => {
    const store = createAssignmentsStore(folder);
    for (const affinity of ['aaaaaaaa', 'bbbbbbbb', 'cccccccc'])
      store.record(of('v1', 1, affinity));
    const users = ['aaaaaaaa', 'bbbbbbbb', 'cccccccc'].map((id) => store.read('shop', id).length);
    expect(users).toEqual([0, 1, 1]);
    expect(readdirSync(folder)).toHaveLength(2);
  });

  test('have an end, however many users and versions come', () => {
    const store = createAssignmentsStore(folder, 10);
    for (let user = 1; user <= 100; user += 1) store.record(of('v1', user));
    expect(store.read('shop', 'aaaaaaaa')).toEqual([{ version: 'v1', users: 10 }]);
    for (let version = 0; version < 100; version += 1) store.record(of(`w${version}`, 1));
    expect(store.read('shop', 'aaaaaaaa')).toHaveLength(20);
  });
});

test('a set of users is a set', () => {
  const hash = fc.oneof(
    fc.bigInt({ min: 1n, max: 40n }),
    fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }),
  );
  fc.assert(
    fc.property(fc.array(hash, { maxLength: 300 }), (hashes) => {
      const users = createUserSet(1000);
      const known = new Set<bigint>();
      for (const one of hashes) {
        expect(users.add(one)).toBe(!known.has(one));
        known.add(one);
        expect(users.size()).toBe(known.size);
      }
    }),
  );
});
