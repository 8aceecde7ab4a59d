import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { Arrival, PageArrivals } from '../../test/support/page-arrivals.ts';

/** Of an unsorted list, by the nearest rank; NaN where it is empty. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export const p50 = (values: readonly number[]): number => quantile(values, 0.5);
export const p99 = (values: readonly number[]): number => quantile(values, 0.99);

export const rounded = (value: number, digits = 1): number => Number(value.toFixed(digits));

/** Resident memory of a process in MB of 2^20 bytes. */
export function rssMb(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? Number.NaN) / 1024;
}

const LOOK_EVERY_MS = 2;

export async function until(withinMs: number, what: string, is: () => boolean): Promise<void> {
  for (const untilMs = Date.now() + withinMs; !is(); await wait(LOOK_EVERY_MS)) {
    if (Date.now() > untilMs) throw new Error(`${what}: not within ${withinMs} ms`);
  }
}

/** The work for each number, so many at once. */
export async function inParallel(
  count: number,
  atOnce: number,
  work: (at: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let at = (next += 1) - 1; at < count; at = (next += 1) - 1) await work(at);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

/** The work for each number, begun evenly over a time whatever becomes of those before. */
export async function paced(
  count: number,
  overMs: number,
  work: (at: number) => Promise<void>,
): Promise<void> {
  const fromMs = Date.now();
  const all = Array.from({ length: count }, async (_, at) => {
    await wait(Math.max(0, fromMs + (at * overMs) / count - Date.now()));
    await work(at);
  });
  await Promise.all(all);
}

/** The pages at the webhook by incident, read as they come. */
export function createPageIndex(arrivals: PageArrivals) {
  const pages = new Map<string, Arrival[]>();
  let read = 0;
  return {
    /** The pages of an incident so far, by its id. */
    of(id: string): readonly Arrival[] {
      const fresh = arrivals.hooksFrom(read);
      read += fresh.length;
      for (const one of fresh) {
        const stem = one.key.slice(0, STEM_DIGITS);
        pages.set(stem, [...(pages.get(stem) ?? []), one]);
      }
      const at = ID_PREFIX.length;
      return pages.get(id.slice(at, at + STEM_DIGITS)) ?? [];
    },
  };
}

export type PageIndex = ReturnType<typeof createPageIndex>;

const ID_PREFIX = 'incident/';
const STEM_DIGITS = 16;
