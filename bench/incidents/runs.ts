import { setTimeout as wait } from 'node:timers/promises';
import type { BelayClient } from '../../src/client/client.ts';
import type { PagingDocument } from '../../src/domain/paging/paging.schema.ts';
import type { Bare } from './bare.ts';
import { type PageIndex, inParallel, paced, until } from './measure.ts';

const BY = { who: 'bench', why: 'how fast it is' };
const ARRIVES_WITHIN_MS = 120_000;
/** After each of what is measured alone: the worker has nothing more to do with it. */
const QUIET_MS = 40;
const QUICK_LEVELS = 20;
const OPENED_AT_ONCE = 12;

/** `sleep`: one page, then an hour; `soon`: the second level after so long; `quick`: each second. */
export function policies(soonMs: number): Pick<PagingDocument, 'policies' | 'last_resort'> {
  const level = (time: string) => ({ wait: time, targets: [{ channel: 'hook' }] });
  return {
    policies: {
      sleep: { levels: [level('1h')] },
      soon: { levels: [level(`${Math.ceil(soonMs / 1000)}s`), level('1h')] },
      quick: { levels: Array.from({ length: QUICK_LEVELS }, () => level('1s')) },
    },
    last_resort: ['hook'],
  };
}

export interface Scene {
  readonly client: BelayClient;
  readonly bare: Bare;
  readonly pages: PageIndex;
}

async function open({ client }: Scene, policy: string, key: string): Promise<string> {
  const { id } = await client.incidents.open({ ...BY, policy, key, title: `${key} is down` });
  return id;
}

const isPaged = ({ pages }: Scene, id: string): boolean => pages.of(id).length > 0;

/** Opens incidents and starts bare workflows in turns, each alone; in ms. */
export async function measureOpening(scene: Scene, series: string, pairs: number) {
  const openMs: number[] = [];
  const openToPageMs: number[] = [];
  const startMs: number[] = [];
  const startToActivityMs: number[] = [];
  const opens = async (at: number): Promise<void> => {
    const [fromMs, from] = [Date.now(), performance.now()];
    const id = await open(scene, 'sleep', `open ${series} ${at}`);
    openMs.push(performance.now() - from);
    await until(ARRIVES_WITHIN_MS, `the page of ${id}`, () => isPaged(scene, id));
    openToPageMs.push((scene.pages.of(id)[0]?.atMs ?? Number.NaN) - fromMs);
    await wait(QUIET_MS);
  };
  const starts = async (at: number): Promise<void> => {
    const { arrived, start } = scene.bare;
    const name = `${series} ${at}`;
    const [fromMs, from] = [Date.now(), performance.now()];
    await start(name);
    startMs.push(performance.now() - from);
    await until(ARRIVES_WITHIN_MS, name, () => arrived.has(name));
    startToActivityMs.push((arrived.get(name)?.atMs ?? Number.NaN) - fromMs);
    await wait(QUIET_MS);
  };
  for (let at = 0; at < pairs; at += 1) {
    const turns = at % 2 === 0 ? [opens, starts] : [starts, opens];
    for (const turn of turns) await turn(at);
  }
  return { openMs, openToPageMs, startMs, startToActivityMs };
}

/** Of what `measureOpening` has started, in ms. */
export async function measureAsking(
  { bare }: Scene,
  series: string,
  count: number,
): Promise<readonly number[]> {
  const tookMs: number[] = [];
  for (let at = 0; at < count; at += 1) {
    const from = performance.now();
    await bare.ask(`${series} ${at}`);
    tookMs.push(performance.now() - from);
  }
  return tookMs;
}

const ACK_BETWEEN_MS = { from: 1000, to: 6000 };
/** A page that began after the answer would have come by then. */
const WATCHED_FOR_MS = 3000;
const ACKS_A_SECOND = 2.5;

/**
 * People acknowledge incidents whose levels follow each other every second; in ms from the
 * acknowledgement to its answer, or to the last page that came after it.
 */
export async function measureStopping(scene: Scene, count: number) {
  const stoppedMs: number[] = [];
  const late: string[] = [];
  await paced(count, (count / ACKS_A_SECOND) * 1000, async (at) => {
    const id = await open(scene, 'quick', `ack ${at}`);
    const { from, to } = ACK_BETWEEN_MS;
    await wait(from + Math.random() * (to - from));
    const askedMs = Date.now();
    const answer = await scene.client.incidents.acknowledge(id, BY);
    const answeredMs = Date.now();
    await wait(WATCHED_FOR_MS);
    const lastMs = scene.pages.of(id).at(-1)?.atMs ?? 0;
    stoppedMs.push(Math.max(answeredMs, lastMs) - askedMs);
    const isNamed = answer.kind === 'acknowledged' && answer.inFlight.length > 0;
    if (lastMs > answeredMs && !isNamed) late.push(`${id}: ${lastMs - answeredMs} ms`);
  });
  return { stoppedMs, late };
}

/** Opens incidents that page once, and returns when all have. */
export async function putToSleep(scene: Scene, name: string, count: number): Promise<void> {
  await inParallel(count, OPENED_AT_ONCE, async (at) => {
    const id = await open(scene, 'sleep', `${name} ${at}`);
    await until(ARRIVES_WITHIN_MS, `the page of ${id}`, () => isPaged(scene, id));
  });
}

/** Incidents whose second level falls due in as long as they are opened in; by id, when that is. */
export async function openSoonDue(
  scene: Scene,
  count: number,
  overMs: number,
): Promise<ReadonlyMap<string, number>> {
  const dueMs = new Map<string, number>();
  await paced(count, overMs, async (at) => {
    const id = await open(scene, 'soon', `soon ${at}`);
    await until(ARRIVES_WITHIN_MS, `the page of ${id}`, () => isPaged(scene, id));
    const { nextAtMs } = await scene.client.incidents.show(id);
    if (nextAtMs !== null) dueMs.set(id, nextAtMs);
  });
  return dueMs;
}

/** How late the page of each second level has come, in ms. */
export async function measureLateness(
  { pages }: Scene,
  dueMs: ReadonlyMap<string, number>,
): Promise<readonly number[]> {
  const lastMs = Math.max(...dueMs.values());
  const isThere = (): boolean => [...dueMs.keys()].every((id) => pages.of(id).length > 1);
  await wait(Math.max(0, lastMs - Date.now()));
  await until(ARRIVES_WITHIN_MS, 'the pages that are due', isThere);
  return [...dueMs].map(([id, ms]) => (pages.of(id)[1]?.atMs ?? Number.NaN) - ms);
}

/** The same of bare workflows with a timer and an activity. */
export async function measureBareLateness(
  { bare }: Scene,
  count: number,
  overMs: number,
): Promise<readonly number[]> {
  const { arrived, startTimer } = bare;
  const names = Array.from({ length: count }, (_, at) => `timer ${at}`);
  await paced(count, overMs, async (at) => {
    await startTimer(names[at] ?? '', overMs + 5000);
  });
  const isThere = (): boolean => names.every((name) => arrived.has(name));
  await until(overMs + ARRIVES_WITHIN_MS, 'the bare timers', isThere);
  return names.map((name) => {
    const { atMs = Number.NaN, dueMs = null } = arrived.get(name) ?? {};
    return atMs - (dueMs ?? Number.NaN);
  });
}
