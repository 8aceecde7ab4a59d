import { beforeEach, describe, expect, test } from 'vitest';
import { createCompareArmsActivities } from '../../src/activities/compare-arms.ts';
import type { CompareArmsRequest } from '../../src/activities/requests.ts';
import { Failure } from '../../src/domain/failure.ts';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import {
  type ActivityRig,
  SERVICE,
  START_MS,
  createActivityRig,
  specOf,
  targetOf,
} from '../support/activity-rig.ts';

const { signal } = new AbortController();
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

let rig: ActivityRig;
beforeEach(() => {
  rig = createActivityRig();
});

type AbTest = NonNullable<ReleaseDocument['ab_test']>;

function requestOf(abTest: AbTest = {}): CompareArmsRequest {
  const spec = specOf({
    strategy: 'ab_test',
    ab_test: { min_duration: '30m', max_duration: '2h', min_samples: 100, ...abTest },
    watch: { interval: '1m' },
  });
  if (spec.abTest === undefined) throw new Error('it is an A/B test');
  return {
    service: SERVICE,
    traffic: spec.traffic,
    watch: spec.watch,
    abTest: spec.abTest,
    control: targetOf('v1'),
    candidate: targetOf('v2'),
    fromMs: START_MS,
    untilMs: START_MS + spec.abTest.maxDurationMs,
  };
}

function compare(request = requestOf(), heartbeatDetails?: unknown) {
  const { compareArms } = createCompareArmsActivities(rig.deps);
  return rig.run(compareArms, request, { heartbeatDetails });
}

interface PerMinute {
  readonly good: number;
  readonly faulty?: number;
  readonly failed?: number;
  readonly givenUp?: number;
}

/** So many requests and bad answers of a version every minute, from a moment to another. */
function serve(
  version: string,
  perMinute: PerMinute,
  [fromMs, toMs]: readonly [number, number] = [0, 2 * HOUR_MS],
): void {
  for (let atMs = fromMs; atMs < toMs; atMs += MINUTE_MS) {
    rig.after(atMs, () => record(version, perMinute, START_MS + atMs));
  }
}

function record(
  version: string,
  { good, faulty = 0, failed = 0, givenUp = 0 }: PerMinute,
  atMs: number,
): void {
  const kinds = { good, faulty, failed, given_up: givenUp } as const;
  for (const kind of ['good', 'faulty', 'failed', 'given_up'] as const) {
    for (let count = 0; count < kinds[kind]; count += 1) {
      rig.router.record({
        ...{ service: SERVICE, version, audience: 'live', kind, latencyMs: 5 },
        atMs,
      });
    }
  }
}

describe('by the answers that the load balancer counts', () => {
  test('the better arm wins, but not before the minimum duration', async () => {
    serve('v1', { good: 40, faulty: 5, failed: 2, givenUp: 3 });
    serve('v2', { good: 50 });
    const result = await compare();
    expect(rig.elapsedMs()).toBe(30 * MINUTE_MS);
    expect(result).toMatchObject({
      winner: 'candidate',
      arms: [
        { version: 'v1', trials: 1500, successes: 1200 },
        { version: 'v2', trials: 1500, successes: 1500 },
      ],
      summary:
        'v1 80.00 % of 1500, v2 100.00 % of 1500; difference 16.40 to 23.60 points at any time',
    });
  });

  test('the control wins where it is better', async () => {
    serve('v1', { good: 50 });
    serve('v2', { good: 40, faulty: 10 });
    expect(await compare()).toMatchObject({ winner: 'control' });
  });

  test('nothing is decided before both have enough samples', async () => {
    serve('v1', { good: 50 });
    serve('v2', { good: 0, faulty: 1 });
    expect(await compare()).toMatchObject({ winner: 'control', arms: [{}, { trials: 100 }] });
    expect(rig.elapsedMs()).toBeGreaterThan(99 * MINUTE_MS);
  });

  test('arms that do not differ stay undecided to the end', async () => {
    serve('v1', { good: 48, faulty: 2 });
    serve('v2', { good: 48, faulty: 2 });
    const result = await compare();
    expect(result).toMatchObject({ winner: 'undecided', summary: expect.stringContaining('p 1') });
    expect(rig.elapsedMs()).toBe(2 * HOUR_MS);
    // Eight times as long as the load balancer keeps its counts.
    expect(result.arms).toMatchObject([{ trials: 6000 }, { trials: 6000 }]);
  });

  test('what may be chance decides at the end only', async () => {
    serve('v1', { good: 48, faulty: 2 });
    serve('v2', { good: 49, faulty: 1 }, [0, 20 * MINUTE_MS]);
    serve('v2', { good: 48, faulty: 2 }, [20 * MINUTE_MS, 2 * HOUR_MS]);
    // After 20 minutes p is 0.009.
    expect(await compare(requestOf({ min_duration: '10m' }))).toMatchObject({
      winner: 'undecided',
    });
    rig = createActivityRig();
    serve('v1', { good: 48, faulty: 2 });
    serve('v2', { good: 49, faulty: 1 }, [0, 20 * MINUTE_MS]);
    const short = requestOf({ min_duration: '10m', max_duration: '20m' });
    expect(await compare(short)).toMatchObject({ winner: 'candidate' });
    expect(rig.elapsedMs()).toBe(20 * MINUTE_MS);
  });

  test('an arm that never had a request is no reason to decide', async () => {
    serve('v1', { good: 50 });
    expect(await compare()).toMatchObject({
      winner: 'undecided',
      summary: expect.stringContaining('v2 has fewer than 100 samples'),
    });
  });

  test('what came before the test, or by preview, does not count', async () => {
    record('v1', { good: 500 }, START_MS - 1000);
    rig.router.record({
      ...{ service: SERVICE, version: 'v1', audience: 'preview', kind: 'good', latencyMs: 5 },
      atMs: START_MS + 1000,
    });
    serve('v1', { good: 1 });
    expect(await compare()).toMatchObject({ arms: [{ trials: 120 }, { trials: 0 }] });
  });

  test('distinct users stand beside the figures where the router assigns them', async () => {
    serve('v1', { good: 50 });
    serve('v2', { good: 50 });
    expect((await compare()).arms.map(({ users }) => users)).toEqual([undefined, undefined]);
    rig.router.setAssignments(SERVICE, [{ version: 'v2', users: 77 }]);
    const affinity = { cookie: 'belay_user', maxAgeS: 60, salt: 's' };
    const routes = [{ ...targetOf('v1'), weightPercent: 100 }];
    const change = { service: SERVICE, key: 'k', generation: 1, routes, affinity };
    await rig.router.apply(change, signal);
    expect((await compare()).arms.map(({ users }) => users)).toEqual([undefined, 77]);
  });

  test('a router that is away for a while is counted on afterwards', async () => {
    serve('v1', { good: 50 });
    serve('v2', { good: 50 });
    const counts = rig.router.counts;
    rig.router.counts = async (query, until) => {
      const isAway = rig.elapsedMs() > 40 * MINUTE_MS && rig.elapsedMs() < 50 * MINUTE_MS;
      if (isAway) throw new Failure('TrafficUnreachable', 'away');
      return counts(query, until);
    };
    const { arms, summary } = await compare();
    expect(arms).toMatchObject([{ trials: 6000 }, { trials: 6000 }]);
    expect(summary).not.toContain('forgotten');
  });

  test('one that never counts leaves nothing known, and that is said', async () => {
    rig.router.counts = async () => {
      throw new Failure('TrafficUnreachable', 'away');
    };
    expect(await compare()).toEqual({
      winner: 'undecided',
      arms: [],
      summary:
        'no figures of v1: the load balancer has not counted anything yet; ' +
        'no figures of v2: the load balancer has not counted anything yet',
    });
  });
});

describe('a later attempt', () => {
  const half = { trials: 1000, successes: 900 };
  const sums = { lostMs: 0, control: half, candidate: half };

  test('goes on from what was counted, over the time nobody looked', async () => {
    serve('v1', { good: 10 });
    serve('v2', { good: 10 });
    await rig.clock.pause(60 * MINUTE_MS, signal);
    const untilMs = START_MS + 50 * MINUTE_MS;
    const { arms, summary } = await compare(requestOf(), { ...sums, untilMs });
    expect(arms).toMatchObject([
      { trials: 1700, successes: 1600 },
      { trials: 1700, successes: 1600 },
    ]);
    expect(summary).not.toContain('forgotten');
  });

  test('says what the load balancer has forgotten meanwhile', async () => {
    serve('v1', { good: 10 });
    serve('v2', { good: 10 });
    await rig.clock.pause(60 * MINUTE_MS, signal);
    const untilMs = START_MS + 40 * MINUTE_MS;
    const { arms, summary } = await compare(requestOf(), { ...sums, untilMs });
    const [first, second] = arms;
    expect(first?.trials).toBe(second?.trials);
    expect(summary).toMatch(/; 6m\d+s of both were forgotten before anybody counted them$/);
  });

  test('that finds details it does not understand begins anew', async () => {
    serve('v1', { good: 10 });
    serve('v2', { good: 10 });
    expect(await compare(requestOf(), { untilMs: 1 })).toMatchObject({
      arms: [{ trials: 1200 }, {}],
    });
  });

  test('after the end answers at once', async () => {
    await rig.clock.pause(3 * HOUR_MS, signal);
    expect(await compare()).toMatchObject({ winner: 'undecided' });
    expect(rig.elapsedMs()).toBe(3 * HOUR_MS);
  });
});

describe('by queries', () => {
  const goal = {
    kind: 'prometheus',
    url: 'http://127.0.0.1:9090',
    trials: 'sum(increase(visits{version="{version}"}[{window}]))',
    successes: 'sum(increase(orders{version="{version}"}[{window}]))',
  } as const;

  test('both are asked over the time since the beginning, and rounded', async () => {
    const asked: string[] = [];
    rig.askPrometheus = async ({ url }, template, { version, service, fromMs, toMs }) => {
      asked.push(`${url} ${service} ${version} ${(toMs - fromMs) / MINUTE_MS}m`);
      const isTrials = template === goal.trials;
      const successes = version === 'v2' ? 300.4 : 200.2;
      return { kind: 'value', value: isTrials ? 999.7 : successes, samples: 1 };
    };
    expect(await compare(requestOf({ goal }))).toMatchObject({
      winner: 'candidate',
      arms: [
        { version: 'v1', trials: 1000, successes: 200 },
        { version: 'v2', trials: 1000, successes: 300 },
      ],
    });
    // Before the minimum duration the figures are only shown; these are the ones that decided.
    const last = new Set(asked.slice(-4));
    expect(last).toEqual(new Set([`${goal.url} shop v1 30m`, `${goal.url} shop v2 30m`]));
  });

  test('an arm without figures is undecided, and says so', async () => {
    rig.askPrometheus = async (_server, template, { version }) =>
      version === 'v2' && template === goal.successes
        ? { kind: 'no_data', why: 'the query has no series' }
        : { kind: 'value', value: 1000, samples: 1 };
    expect(await compare(requestOf({ goal }))).toEqual({
      winner: 'undecided',
      arms: [{ version: 'v1', trials: 1000, successes: 1000, users: undefined }],
      summary: 'no figures of v2: successes: the query has no series',
    });
    expect(rig.elapsedMs()).toBe(2 * HOUR_MS);
  });

  test('a server that is away is asked again, one that refuses ends the comparison', async () => {
    rig.askPrometheus = async () => {
      throw new Failure('MetricsUnreachable', 'away');
    };
    expect(await compare(requestOf({ goal }))).toMatchObject({ winner: 'undecided', arms: [] });
    rig.askPrometheus = async () => {
      throw new Failure('MetricsInvalid', 'no such function');
    };
    await expect(compare(requestOf({ goal }))).rejects.toMatchObject({ code: 'MetricsInvalid' });
  });
});

describe('by a mean', () => {
  const goal = {
    kind: 'mean',
    url: 'http://prometheus:9090',
    query: 'basket{v="{version}"}[{window}]',
  } as const;
  const request = (better: 'higher' | 'lower' = 'higher'): CompareArmsRequest =>
    requestOf({ goal: { ...goal, better }, min_duration: '0s', min_samples: 60 });

  /** What is spent in a block of a minute; of the candidate so many times as much. */
  const spend = (ratio: number): void => {
    rig.askPrometheus = async ({ url }, query, { version, fromMs, toMs }) => {
      expect({ url, query, forMs: toMs - fromMs }).toEqual({
        ...{ url: goal.url, query: goal.query, forMs: MINUTE_MS },
      });
      const block = fromMs / MINUTE_MS;
      const wobble = version === 'v2' ? ((block * 5) % 11) - 5 : ((block * 3) % 7) - 3;
      return { kind: 'value', value: (50 + wobble) * (version === 'v2' ? ratio : 1), samples: 1 };
    };
  };

  test.each([
    [1.3, 'higher', 'candidate'],
    [1.3, 'lower', 'control'],
    [0.7, 'higher', 'control'],
    [1, 'higher', 'undecided'],
  ] as const)('%d times as much, where %s is better: %s', async (ratio, better, winner) => {
    spend(ratio);
    const result = await compare(request(better));
    expect(result).toMatchObject({ winner, arms: [] });
    expect(result.summary).toMatch(/^mean [\d.]+ on the candidate, (?:49|50)\.?\d* on the/);
    // Sixty blocks are the minimum, and the last minute is not over yet.
    const endsMs = winner === 'undecided' ? 2 * HOUR_MS : 61 * MINUTE_MS;
    expect(rig.elapsedMs()).toBe(endsMs);
  });

  test('blocks without a value of both arms are none, and an absence is asked for later', async () => {
    spend(1.3);
    const { askPrometheus } = rig;
    rig.askPrometheus = async (...question) => {
      if (rig.elapsedMs() < 30 * MINUTE_MS) throw new Failure('MetricsUnreachable', 'refused');
      const { fromMs, version } = question[2];
      const isMissing = version === 'v1' && Math.floor(fromMs / MINUTE_MS) % 4 === 0;
      return isMissing ? { kind: 'no_data', why: 'none' } : askPrometheus(...question);
    };
    expect(await compare(request())).toMatchObject({ winner: 'candidate' });
    // Three of four blocks are there, also of those that could not be asked for at first.
    expect(rig.elapsedMs()).toBeGreaterThan(79 * MINUTE_MS);
    expect(rig.elapsedMs()).toBeLessThan(83 * MINUTE_MS);
  });

  test('one that is called off gives back what its test has seen, and the next goes on', async () => {
    spend(1.3);
    rig.after(40 * MINUTE_MS, () => rig.cancel());
    const { stopped } = await compare(request());
    if (stopped === undefined) throw new Error('it gave nothing back');
    const counts = JSON.parse(JSON.stringify(stopped));
    const later = { ...request(), counts };
    expect(await compare(later)).toMatchObject({ winner: 'candidate' });
    expect(rig.elapsedMs()).toBe(61 * MINUTE_MS);
  });
});

test('a comparison that is called off gives back its counts, and the next goes on from them', async () => {
  serve('v1', { good: 48, faulty: 2 });
  serve('v2', { good: 48, faulty: 2 });
  rig.after(10 * MINUTE_MS, () => rig.cancel());
  const { stopped } = await compare();
  expect(stopped).toMatchObject({ lostMs: 0, control: { trials: 450, successes: 432 } });
  // For longer than the load balancer keeps its counts.
  await rig.clock.pause(30 * MINUTE_MS, signal);
  if (stopped === undefined) throw new Error('nothing had been counted');
  const { arms, summary } = await compare({ ...requestOf(), counts: stopped });
  expect(summary).toMatch(/17m\d+s of both were forgotten/);
  // Two hours of 50 a minute, less what was forgotten.
  expect(arms.map(({ trials }) => trials)).toEqual([5100, 5100]);
});

test('a worker that stops gives nothing back: another attempt goes on', async () => {
  rig.after(10 * MINUTE_MS, () => rig.shutDown());
  await expect(compare()).rejects.toMatchObject({ name: 'CancelledFailure' });
});
