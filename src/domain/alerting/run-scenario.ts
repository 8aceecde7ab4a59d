import { formatDuration } from '../quantity.ts';
import type { PostedAlert } from './alert.ts';
import { assigned } from './assignment.ts';
import { fingerprint } from './fingerprint.ts';
import { destinationText } from './group-key.ts';
import { type Labels, formatLabels } from './labels.ts';
import type { Scenarios } from './read-scenarios.ts';
import type { ExpectedPage, Scenario, Step } from './scenario.schema.ts';
import type { Clocks } from './shard-state.ts';
import {
  type SimulatedPage,
  type SimulatedSteer,
  type Simulation,
  newSimulation,
} from './simulation.ts';

/** What came of one scenario. */
export interface ScenarioResult {
  readonly name: string;
  readonly hasPassed: boolean;
  /** Pages that were expected and did not come, in words. */
  readonly missing: readonly string[];
  /** Pages that came and were not expected, in words. */
  readonly unexpected: readonly string[];
  /** All that was sent, in words: who was told when, why, and of what. */
  readonly found: readonly string[];
}

/** No alert of a scenario ends before it. */
const FOR_EVER_MS = 8_000_000_000_000_000;

/** Plays each scenario in virtual time, by the state machine that shards go by. */
export function runScenarios(
  { configuration, reloads, scenarios }: Scenarios,
  clocks: Clocks,
): readonly ScenarioResult[] {
  return scenarios.map((scenario) => runScenario(scenario, { configuration, reloads }, clocks));
}

function runScenario(
  scenario: Scenario,
  { configuration, reloads }: Omit<Scenarios, 'scenarios'>,
  clocks: Clocks,
): ScenarioResult {
  const startMs = Date.parse(scenario.start);
  const failsUntil = new Map<string, number>();
  const silences = new Map<string, string>();
  const notTaken: string[] = [];
  const sim = newSimulation({
    ...{ configuration, shards: 1, startMs, clocks },
    arrives: ({ kind, name }, atMs) => kind === 'policy' || atMs >= (failsUntil.get(name) ?? 0),
  });
  for (const step of scenario.steps) {
    const nowMs = startMs + step.at;
    sim.advance(nowMs);
    if (step.fail !== undefined) failsUntil.set(step.fail.channel, nowMs + step.fail.for);
    const next = step.reload === undefined ? undefined : reloads[step.reload];
    if (next !== undefined) sim.reload(next);
    const problem = act(sim, step, nowMs, silences);
    if (problem !== null) notTaken.push(`${formatDuration(step.at)} ${problem}`);
  }
  sim.advance(startMs + scenario.until);
  return compared(scenario, sim, startMs, notTaken);
}

/** Carries a step out; what was not taken, in words. */
function act(
  sim: Simulation,
  { fire, resolve, silence, expire, beat }: Step,
  nowMs: number,
  silences: Map<string, string>,
): string | null {
  if (fire !== undefined) {
    sim.post(
      fire.map(({ labels, annotations, for: forMs }): PostedAlert => {
        const endsAtMs = forMs === undefined ? FOR_EVER_MS : nowMs + forMs;
        return { labels, annotations, endsAtMs };
      }),
    );
  }
  if (resolve !== undefined) sim.post(resolve.map((labels) => ({ labels, endsAtMs: nowMs })));
  if (beat !== undefined) sim.beat(beat);
  if (expire !== undefined) sim.expire(silences.get(expire) ?? '');
  if (silence === undefined) return null;
  const answer = sim.silence({
    ...{ id: null, matcherSets: [silence.matchers] },
    ...{ startsAtMs: nowMs, endsAtMs: nowMs + silence.for },
    ...{ createdBy: 'the scenario', comment: silence.name },
  });
  if (answer.kind !== 'set') return `silence ${silence.name}: ${answer.message}`;
  silences.set(silence.name, answer.id);
  return null;
}

function compared(
  scenario: Scenario,
  sim: Simulation,
  startMs: number,
  notTaken: readonly string[],
): ScenarioResult {
  const { pages } = sim;
  const places = assigned(
    scenario.expect.map((expected) =>
      [...pages.keys()].filter((at) => isAs(pages[at], expected, startMs)),
    ),
  );
  const missing = [
    ...notTaken,
    ...scenario.expect.filter((_, at) => places[at] === null).map(expectedText),
  ];
  const inWords = (page: SimulatedPage): string => foundText(page, startMs);
  const came = new Set(places);
  const unexpected = pages.filter((_, at) => !came.has(at)).map(inWords);
  const steers = sim.steers.map(({ atMs, ...steer }) => steerText(atMs - startMs, steer));
  const wanted = scenario.expect_releases?.map(({ at, ...steer }) => steerText(at, steer));
  if (wanted !== undefined) {
    missing.push(...moreOf(wanted, steers, (some, all) => `${some} of ${all} came`));
    unexpected.push(...moreOf(steers, wanted, (some, all) => `${all} came, ${some} expected`));
  }
  return {
    name: scenario.name,
    hasPassed: missing.length + unexpected.length === 0,
    missing,
    unexpected,
    found: [...pages.map(inWords), ...steers],
  };
}

function steerText(ms: number, steer: Pick<SimulatedSteer, 'verb' | 'service'>): string {
  return `${formatDuration(ms)} release/${steer.service} ${steer.verb}`;
}

/** What is oftener in the first than in the second; how often, where it is there several times. */
function moreOf(
  these: readonly string[],
  others: readonly string[],
  howOften: (some: number, all: number) => string,
): readonly string[] {
  const inOthers = counted(others);
  return [...counted(these)].flatMap(([one, all]) => {
    const some = inOthers.get(one) ?? 0;
    if (all <= some) return [];
    return [all === 1 ? one : `${one} (${howOften(some, all)})`];
  });
}

function counted(all: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const one of all) counts.set(one, (counts.get(one) ?? 0) + 1);
  return counts;
}

function isAs(page: SimulatedPage | undefined, expected: ExpectedPage, startMs: number): boolean {
  const { at, to, reason, firing, resolved } = expected;
  return (
    page?.atMs === startMs + at &&
    destinationText(page.destination) === to &&
    (reason === undefined || page.reason === reason) &&
    (firing === undefined || isSameSet(firing, page.firing)) &&
    (resolved === undefined || isSameSet(resolved, page.resolved))
  );
}

function isSameSet(
  expected: readonly Labels[],
  found: readonly { readonly labels: Labels }[],
): boolean {
  const keys = (all: readonly Labels[]): string => all.map(fingerprint).toSorted().join();
  return keys(expected) === keys(found.map(({ labels }) => labels));
}

function expectedText({ at, to, reason, firing, resolved }: ExpectedPage): string {
  return pageText(formatDuration(at), to, reason, firing, resolved);
}

/** `30s channel/ops first_page firing {alertname="Down"}`. */
function foundText(page: SimulatedPage, startMs: number): string {
  const labels = (all: SimulatedPage['firing']) => all.map((one) => one.labels);
  const text = pageText(
    formatDuration(page.atMs - startMs),
    destinationText(page.destination),
    page.reason,
    labels(page.firing),
    labels(page.resolved),
  );
  return `${text}${page.isStorm ? ' (a storm)' : ''}${page.hasArrived ? '' : ' (does not arrive)'}`;
}

function pageText(
  at: string,
  to: string,
  reason: string | undefined,
  firing: readonly Labels[] | undefined,
  resolved: readonly Labels[] | undefined,
): string {
  const part = (word: string, all: readonly Labels[] | undefined): string =>
    all === undefined || all.length === 0 ? '' : ` ${word} ${all.map(formatLabels).join(' ')}`;
  const why = reason === undefined ? '' : ` ${reason}`;
  return `${at} ${to}${why}${part('firing', firing)}${part('resolved', resolved)}`;
}
