import { requireRecording } from '../../../../src/domain/judge/offline/recording.ts';
import { requireRelease } from '../../../../src/domain/release/release-file.ts';

const START_MS = Date.UTC(2026, 2, 1, 10);

/** Seeded, so that every run sees the same data. */
export function createDice(seed: number) {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  const gauss = (): number => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
  const count = (mean: number): number => {
    let [events, product] = [0, next()];
    while (product > Math.exp(-mean)) {
      product *= next();
      events += 1;
    }
    return events;
  };
  return { next, gauss, count };
}

export interface Traffic {
  readonly seed: number;
  readonly errorRate?: number;
  readonly latencyMs?: number;
  readonly minutes?: number;
  readonly perSecond?: number;
  readonly fromMinute?: number;
}

/** One row a minute of 600 requests. */
export function blocksCsv({
  seed,
  errorRate = 0.01,
  latencyMs = 100,
  minutes = 120,
  fromMinute = 0,
}: Traffic): string {
  const { gauss, count } = createDice(seed);
  const rows = Array.from({ length: minutes }, (_, at) => {
    const time = START_MS / 1000 + 60 * (fromMinute + at);
    const p95 = (latencyMs * (1 + 0.05 * gauss())).toFixed(1);
    return `${time},600,${Math.min(600, count(600 * errorRate))},${p95}\n`;
  });
  return `time,requests,errors,latency_ms\n${rows.join('')}`;
}

/** One row a request, at even distances. */
export function requestsCsv({
  seed,
  errorRate = 0.01,
  latencyMs = 60,
  minutes = 20,
  perSecond = 10,
}: Traffic): string {
  const { next, gauss } = createDice(seed);
  const rows = Array.from({ length: Math.round(minutes * 60 * perSecond) }, (_, at) => {
    const time = START_MS + Math.round((1000 * at) / perSecond);
    const latency = (latencyMs * Math.exp(0.4 * gauss())).toFixed(2);
    return `${time},${next() < errorRate ? 1 : 0},${latency}\n`;
  });
  return `time,errors,latency_ms\n${rows.join('')}`;
}

/** A series with a value a minute. */
export function seriesCsv(
  name: string,
  values: readonly (number | null)[],
  fromMinute = 0,
): string {
  const rows = values.map((value, at) => {
    return `${START_MS / 1000 + 60 * (fromMinute + at)},${value ?? ''}\n`;
  });
  return `time,${name}\n${rows.join('')}`;
}

export const RELEASE = `
service: shop
version: v3
strategy: canary
environment: { kind: process, command: [./shop] }
traffic: { kind: embedded, control: 'http://127.0.0.1:7071', url: 'http://127.0.0.1:8080' }
`;

export function specOf(more = '') {
  const source = { file: 'release.yaml', folder: '/srv', version: undefined };
  return requireRelease({ ...source, text: `${RELEASE}${more}` }).spec;
}

export function pairOf(baseline: string, candidate: string) {
  return {
    baseline: requireRecording({ text: baseline, file: 'a.csv' }),
    candidate: requireRecording({ text: candidate, file: 'b.csv' }),
  };
}
