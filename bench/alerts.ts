import { parseArgs } from 'node:util';
import { cleanWhenStopped } from '../src/dev/children.ts';
import {
  type Accepting,
  measureAccepting,
  measureFewGroups,
  measureManyGroups,
  measureOneGroup,
} from './alerts/scenes.ts';
import {
  type StartSystem,
  alertmanager,
  findAlertmanager,
  startBelay,
  versionOf,
} from './alerts/systems.ts';
import { p50, p99, rounded } from './incidents/measure.ts';

/**
 * How fast alerts are taken and paged, by one worker and one ingest process with their defaults on a
 * development server (in memory) with last messages in SQLite, and by Alertmanager where it is on
 * PATH: the same requests by HTTP, routes, waits and webhook. Each scene begins with a fresh system;
 * alerts are sent again to both in turns, a round each.
 *
 * `npm run bench:alerts -- --json` ends with `{acceptedPerS, resentPerS, bareSignalsPerS,
 * oneGroupP99Ms, manyGroupsP99Ms, rssMb, alertmanager: {…}}` and more: `manyGroupsAllMs` is from the first
 * request to the last page. Smaller: `--alerts`; `--scene` runs one of them, `--only` one system. Exits with 1 when alerts that are sent again are taken more
 * slowly than by Alertmanager, or the 99th percentile of many groups is above its, or some were
 * refused.
 */
const SCENES = ['accept', 'one', 'few', 'many'];

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    alerts: { type: 'string', default: '10000' },
    scene: { type: 'string', multiple: true, default: SCENES },
    only: { type: 'string' },
  },
});
const count = Number(values.alerts);
if (!Number.isSafeInteger(count) || count < 1) {
  throw new RangeError(`--alerts is a whole number, not ${values.alerts}`);
}

function say(text: string): void {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
}

function told(numbers: readonly number[]): string {
  const max = Math.max(...numbers);
  return `p50 ${rounded(p50(numbers))} ms, p99 ${rounded(p99(numbers))} ms, max ${rounded(max)} ms`;
}

cleanWhenStopped(process.env, 130, async () => undefined);

async function measure(name: string, start: StartSystem, accepting: Accepting | undefined) {
  const peaks: Record<string, number> = {};
  const refusals: string[] = [];
  const seen = <T extends { peakMb: Readonly<Record<string, number>>; refused: readonly string[] }>(
    one: T,
  ): T => {
    for (const [of, mb] of Object.entries(one.peakMb)) peaks[of] = Math.max(peaks[of] ?? 0, mb);
    refusals.push(...one.refused);
    const memory = Object.entries(one.peakMb).map(([of, mb]) => `${of} ${mb.toFixed(0)} MB`);
    say(`${name}: at most ${memory.join(', ')}; ${one.refused.length} requests refused`);
    if (one.refused[0] !== undefined) say(`${name}: ${one.refused[0].slice(0, 300)}`);
    return one;
  };
  const is = (scene: string): boolean => values.scene.includes(scene);
  if (accepting !== undefined) {
    seen(accepting);
    const { acceptedPerS, resentPerS } = accepting;
    say(`${name}: ${acceptedPerS.toFixed(0)} new/s, ${resentPerS.toFixed(0)} sent again/s`);
  }
  const one = is('one') ? seen(await measureOneGroup(start, count)) : undefined;
  if (one !== undefined)
    say(`${name}: one group, ${one.held} held, ${one.pages} pages: ${told(one.toPageMs)}`);
  const few = is('few') ? seen(await measureFewGroups(start)) : undefined;
  if (few !== undefined) say(`${name}: 10 groups a second: ${told(few.toPageMs)}`);
  const many = is('many') ? seen(await measureManyGroups(start, count)) : undefined;
  if (many !== undefined) {
    say(
      `${name}: taken in ${many.postedMs.toFixed(0)} ms, all paged in ${many.allMs.toFixed(0)} ms; ` +
        `${count} groups: ${told(many.toPageMs)}`,
    );
  }
  return { accepting, one, few, many, peaks, refusals };
}

type Measured = Awaited<ReturnType<typeof measure>>;

function figuresOf({ accepting, one, few, many, peaks }: Measured, measuredProcess: string) {
  return {
    acceptedPerS: rounded(accepting?.acceptedPerS ?? Number.NaN, 0),
    resentPerS: rounded(accepting?.resentPerS ?? Number.NaN, 0),
    oneGroupHeld: one?.held ?? Number.NaN,
    oneGroupP50Ms: p50(one?.toPageMs ?? []),
    oneGroupP99Ms: p99(one?.toPageMs ?? []),
    fewGroupsP50Ms: p50(few?.toPageMs ?? []),
    fewGroupsP99Ms: p99(few?.toPageMs ?? []),
    manyGroupsP50Ms: p50(many?.toPageMs ?? []),
    manyGroupsP99Ms: p99(many?.toPageMs ?? []),
    manyGroupsAllMs: many?.allMs ?? Number.NaN,
    rssMb: rounded(peaks[measuredProcess] ?? Number.NaN, 0),
  };
}

const program = values.only === 'belay' ? null : findAlertmanager();
const peer = program === null ? [] : [alertmanager(program)];
const belay = values.only === 'alertmanager' ? [] : [startBelay];
const accepting = values.scene.includes('accept')
  ? await measureAccepting([...peer, ...belay], count)
  : [];
const other =
  peer[0] === undefined ? null : await measure('Alertmanager', peer[0], accepting.at(0));
const own = belay[0] === undefined ? null : await measure('Belay', belay[0], accepting.at(-1));
const beside =
  other === null || program === null
    ? null
    : { version: versionOf(program), ...figuresOf(other, 'alertmanager') };
if (beside === null) say('no Alertmanager is measured');
const { bareSignalsPerS = null } = own?.accepting ?? {};
const figures = {
  ...(own === null ? {} : figuresOf(own, 'worker')),
  bareSignalsPerS: bareSignalsPerS === null ? null : rounded(bareSignalsPerS, 0),
  ingestRssMb: rounded(own?.peaks.ingest ?? Number.NaN, 0),
  alerts: count,
  alertmanager: beside,
};
const theirs = new Map<string, unknown>(Object.entries(beside ?? {}));
for (const [name, value] of Object.entries(figures)) {
  if (typeof value !== 'number') continue;
  const cells = [value, theirs.get(name) ?? ''].map((cell) => String(cell).padStart(12));
  process.stdout.write(`${name.padEnd(20)}${cells.join('')}\n`);
}
if (values.json === true) process.stdout.write(`${JSON.stringify(figures)}\n`);
if (own !== null) {
  const { resentPerS, manyGroupsP99Ms } = figuresOf(own, 'worker');
  const isSlower =
    beside !== null && (resentPerS < beside.resentPerS || manyGroupsP99Ms > beside.manyGroupsP99Ms);
  if (isSlower || own.refusals.length > 0) process.exitCode = 1;
}
