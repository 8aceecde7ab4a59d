import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { onCallAt } from '../../src/domain/oncall/on-call.ts';
import { createPagingSource } from '../../src/worker/paging-source.ts';

const NOON_MS = Date.parse('2026-01-05T12:00:00Z');

let folder: string;
let lines: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'paging-'));
  lines = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

let moment = 0;

/** Every change has a time of its own, however coarse the clock of the disk is. */
function put(name: string, text: string): void {
  const path = join(folder, name);
  writeFileSync(path, text);
  moment += 1;
  utimesSync(path, moment, moment);
}

function calendarOf(person: string): string {
  const times = ['DTSTART:20260105T000000Z', 'DTEND:20260106T000000Z'];
  const event = ['BEGIN:VEVENT', 'UID:1', ...times, `SUMMARY:${person}`, 'END:VEVENT'];
  return ['BEGIN:VCALENDAR', 'VERSION:2.0', ...event, 'END:VCALENDAR', ''].join('\r\n');
}

function pagingWith(log: string): string {
  return JSON.stringify({
    people: { ada: {}, bob: {} },
    channels: { [log]: { type: 'log' } },
    schedules: { rota: { time_zone: 'UTC', layers: [{ ical: 'rota.ics' }] } },
    policies: { night: { levels: [{ targets: [{ schedule: 'rota' }, { channel: log }] }] } },
    last_resort: [log],
  });
}

function source() {
  const { read } = createPagingSource(join(folder, 'paging.json'), (line) => lines.push(line));
  return () => {
    const found = read();
    if (found.kind === 'unusable') throw new Error(found.why);
    const { rota } = found.paging.schedules;
    const who = rota === undefined ? [] : onCallAt(rota, NOON_MS);
    return { who, lastResort: found.paging.lastResort };
  };
}

test('a calendar that has changed by itself is read again', () => {
  put('rota.ics', calendarOf('ada'));
  put('paging.json', pagingWith('log'));
  const read = source();
  expect(read().who).toEqual(['ada']);
  put('rota.ics', calendarOf('bob'));
  expect(read().who).toEqual(['bob']);
});

test('a calendar that has been broken or is gone does not count, until it is mended', () => {
  put('rota.ics', calendarOf('ada'));
  put('paging.json', pagingWith('log'));
  const read = source();
  expect(read().who).toEqual(['ada']);
  put('rota.ics', 'BEGIN:VCALENDAR');
  expect(read().who).toEqual(['ada']);
  rmSync(join(folder, 'rota.ics'));
  expect(read().who).toEqual(['ada']);
  expect(lines).toHaveLength(2);
  put('rota.ics', calendarOf('bob'));
  expect(read().who).toEqual(['bob']);
});

test('a paging file that has changed is read again, and a broken one does not count', () => {
  put('rota.ics', calendarOf('ada'));
  put('paging.json', pagingWith('log'));
  const read = source();
  expect(read().lastResort).toEqual(['log']);
  put('paging.json', pagingWith('other'));
  expect(read().lastResort).toEqual(['other']);
  put('paging.json', '{');
  expect(read().lastResort).toEqual(['other']);
  expect(lines).toHaveLength(1);
});

test('pages do not wait for a broken file to be read again and again', () => {
  put('rota.ics', calendarOf('ada'));
  put('paging.json', pagingWith('log'));
  const read = source();
  read();
  const people = Array.from({ length: 300 }, (_, at) => `  person-${at}: { nme: x }`);
  put('paging.json', `people:\n${people.join('\n')}\n`);
  const beganMs = performance.now();
  expect(read().lastResort).toEqual(['log']);
  const firstMs = performance.now() - beganMs;
  for (let time = 1; time <= 50; time += 1) read();
  expect(performance.now() - beganMs - firstMs).toBeLessThan(firstMs);
  put('paging.json', pagingWith('mended'));
  expect(read().lastResort).toEqual(['mended']);
});
