import { beforeEach, describe, expect, test } from 'vitest';
import type { RollBatchRequest } from '../../src/activities/requests.ts';
import { createRollBatchActivities } from '../../src/activities/roll-batch.ts';
import { Failure } from '../../src/domain/failure.ts';
import type { Reading } from '../../src/domain/judge/measurement.ts';
import type { Instance } from '../../src/domain/release/instance.ts';
import {
  type ActivityRig,
  GOOD,
  SERVICE,
  createActivityRig,
  specOf,
  unhealthy,
} from '../support/activity-rig.ts';
import { DEATH, type Death, dyingDeps } from '../support/dying-deps.ts';

const { signal } = new AbortController();
const KEY = 'release/shop/7/batch-1';
const DESIRED = 5;
const SLOW: Reading = { ...GOOD, latency_p95: { kind: 'value', value: 999, samples: 1000 } };

const spec = specOf({ performance_thresholds: {}, warmup_duration: '2s' });
const { service, traffic, metrics, thresholds, watch, health, warmup, environment } = spec;

let rig: ActivityRig;
let old: readonly Instance[];
let calls: string[];

beforeEach(() => begin());

async function begin(desired = DESIRED): Promise<void> {
  rig = createActivityRig();
  calls = [];
  rig.metrics.set('v1', GOOD);
  rig.metrics.set('v2', GOOD);
  old = await deploy('v1', desired, 1);
  const routes = [{ version: 'v1', weightPercent: 100, instances: old }];
  await rig.router.apply({ service, key: 'before', generation: 2, routes }, signal);
}

function deploy(version: string, instances: number, generation: number) {
  const by = { service, version, key: `deploy ${version}`, generation };
  return rig.environment.deploy({ ...by, spec: { ...environment, instances } }, signal);
}

function requestOf(changes: Partial<RollBatchRequest> = {}): RollBatchRequest {
  return {
    ...{ service, traffic, metrics, thresholds, watch, health, warmup },
    coming: { version: 'v2', instances: [], environment },
    going: { version: 'v1', instances: old, environment },
    from: 0,
    to: 2,
    desired: DESIRED,
    surge: false,
    drainDeadlineMs: 1000,
    stabilizeMs: 0,
    limits: spec.validation,
    key: KEY,
    generation: 10,
    ...changes,
  };
}

interface Attempt {
  readonly death?: Death;
  readonly heartbeatDetails?: unknown;
  readonly onBeat?: (details: unknown) => void;
}

function roll(request: RollBatchRequest, { death, ...attempt }: Attempt = {}) {
  const dying = dyingDeps(rig.deps, rig, death, async (call) => {
    calls.push(call);
    await requireServed();
  });
  return rig.run(createRollBatchActivities(dying.deps).rollBatch, request, attempt);
}

/** Whatever has just been done: every instance that has traffic runs. */
async function requireServed(): Promise<void> {
  const { routes } = await rig.router.read(SERVICE, signal);
  for (const { version, instances, weightPercent } of routes) {
    if (weightPercent === 0) continue;
    const found = await rig.environment.find(SERVICE, version);
    expect(found.map(({ id }) => id)).toEqual(
      expect.arrayContaining(instances.map(({ id }) => id)),
    );
    expect(instances.length).toBeGreaterThan(0);
  }
}

async function world(): Promise<{ readonly runs: string; readonly serves: string }> {
  const { routes } = await rig.router.read(SERVICE, signal);
  const running = await Promise.all(
    ['v1', 'v2'].map(async (version) => (await rig.environment.find(SERVICE, version)).length),
  );
  return {
    runs: running.join('+'),
    serves: routes
      .map((one) => `${one.version} ${one.weightPercent} % of ${one.instances.length}`)
      .join(', '),
  };
}

/** One that has ended and starts again has another port. */
function idsOf(instances: readonly Instance[]) {
  return instances.map(({ id }) => ({ id }));
}

/** Every effect of the batch, by generation. */
async function effects(): Promise<readonly string[]> {
  const all = [
    ...(await rig.router.effects(SERVICE, signal)),
    ...(await rig.environment.effects(SERVICE)),
  ].filter(({ key }) => key.startsWith(KEY));
  return all
    .toSorted((one, other) => one.generation - other.generation)
    .map(({ key, generation }) => `${generation} ${key.slice(KEY.length + 1)}`);
}

const BEFORE = { runs: '5+0', serves: 'v1 100 % of 5' };
const AFTER = { runs: '3+2', serves: 'v1 60 % of 3, v2 40 % of 2' };
const FORWARD = ['10 take-out', '11 end', '12 start', '13 put-in'];
const BACK = ['14 undo-take-out', '15 undo-end', '16 undo-start', '17 undo-put-in'];
const SURGE_FORWARD = ['10 start', '11 put-in', '12 end'];
const SURGE_BACK = ['14 undo-start', '15 undo-put-in', '16 undo-end'];

describe('a batch in place', () => {
  test('takes out and drains, ends, starts, proves and puts in', async () => {
    const result = await roll(requestOf());
    expect(result).toMatchObject({
      kind: 'done',
      coming: [{ id: 'v2/0' }, { id: 'v2/1' }],
      going: [{ id: 'v1/0' }, { id: 'v1/1' }, { id: 'v1/2' }],
      watch: null,
      report: expect.stringContaining('healthy after 1 round(s), warmed up with'),
    });
    expect(await world()).toEqual(AFTER);
    expect(await effects()).toEqual(FORWARD);
    expect(calls).toEqual([
      `${KEY}/take-out`,
      'drain 2 of v1',
      'deploy v1 3',
      'deploy v2 2',
      `${KEY}/put-in`,
    ]);
  });

  test('is followed by the next until nobody of the old version is left', async () => {
    let { coming, going } = requestOf();
    for (const [from, to] of [
      [0, 2],
      [2, 4],
      [4, 5],
    ] as const) {
      const at = { coming, going, from, to, key: `${KEY}-${to}`, generation: 10 * (to + 1) };
      const done = await roll(requestOf(at));
      coming = { ...coming, instances: done.coming };
      going = { ...going, instances: done.going };
    }
    expect(await world()).toEqual({ runs: '0+5', serves: 'v2 100 % of 5' });
    expect(calls).toContain('remove v1');
  });

  test('goes the other way with the versions exchanged', async () => {
    const { coming, going } = await roll(requestOf());
    const back = requestOf({
      coming: { version: 'v1', instances: going, environment },
      going: { version: 'v2', instances: coming, environment },
      from: 3,
      to: 5,
      key: `${KEY}/back`,
      generation: 30,
    });
    expect(await roll(back)).toMatchObject({ kind: 'done', going: [] });
    expect(await world()).toEqual(BEFORE);
  });

  test('of the only instance starts the new one first: somebody must serve', async () => {
    await begin(1);
    await roll(requestOf({ desired: 1, to: 1 }));
    expect(await world()).toEqual({ runs: '0+1', serves: 'v2 100 % of 1' });
    expect(await effects()).toEqual(SURGE_FORWARD);
  });

  test('does not end what somebody else has given traffic again meanwhile', async () => {
    const routes = [{ version: 'v1', weightPercent: 100, instances: old }];
    const drain = rig.router.drain;
    rig.router.drain = async (request, until) => {
      await rig.router.apply({ service, key: 'break glass', generation: 99, routes }, signal);
      return drain(request, until);
    };
    await expect(roll(requestOf())).rejects.toMatchObject({
      code: 'StaleGeneration',
      message: expect.stringContaining('have traffic again: none is ended'),
    });
    expect(await world()).toEqual(BEFORE);
  });
});

describe('a batch with a surge', () => {
  test('starts and proves, puts in, then drains and ends', async () => {
    expect(await roll(requestOf({ surge: true }))).toMatchObject({ kind: 'done' });
    expect(await world()).toEqual(AFTER);
    expect(await effects()).toEqual(SURGE_FORWARD);
    expect(calls).toEqual(['deploy v2 2', `${KEY}/put-in`, 'drain 2 of v1', 'deploy v1 3']);
  });
});

describe('a bad batch', () => {
  const isBad = (): void => {
    rig.checkHealth = async ({ version }) =>
      version === 'v2' ? unhealthy('v2/0: 503') : { kind: 'healthy', checks: 1 };
  };

  test.each([
    ['in place', false, [...FORWARD.slice(0, 3), ...BACK]],
    ['with a surge', true, ['10 start', ...SURGE_BACK]],
  ] as const)('%s is undone, and says why', async (_how, surge, expected) => {
    isBad();
    expect(await roll(requestOf({ surge }))).toMatchObject({
      kind: 'undone',
      coming: [],
      going: idsOf(old),
      reason: expect.stringMatching(/^v2 was not healthy within 1m, .* v2\/0: 503$/),
    });
    expect(await world()).toEqual(BEFORE);
    expect(await effects()).toEqual(expected);
  });

  test.each([false, true])('leaves the batches before it, surge: %s', async (surge) => {
    const first = await roll(requestOf());
    isBad();
    const second = requestOf({
      coming: { version: 'v2', instances: first.coming, environment },
      going: { version: 'v1', instances: first.going, environment },
      from: 2,
      to: 4,
      key: `${KEY}b`,
      generation: 20,
      surge,
    });
    expect(await roll(second)).toMatchObject({
      kind: 'undone',
      coming: idsOf(first.coming),
      going: idsOf(first.going),
    });
    const { runs, serves } = await world();
    expect(runs).toBe('3+2');
    expect(serves.split(', ').toSorted()).toEqual(AFTER.serves.split(', '));
  });

  test('may be one that no retry can mend', async () => {
    const refused = new Failure('EnvironmentInvalid', 'no such program');
    const start = rig.environment.deploy;
    rig.environment.deploy = async (request, until) => {
      if (request.version === 'v2' && request.spec.instances === 2) throw refused;
      return start(request, until);
    };
    expect(await roll(requestOf())).toMatchObject({ kind: 'undone', reason: 'no such program' });
    expect(await world()).toEqual(BEFORE);
  });

  test('is not one that a retry may mend, until it has taken too long', async () => {
    const failure = new Failure('EnvironmentFailed', 'no room');
    rig.environment.failNext('deploy', failure, 1);
    await expect(roll(requestOf())).rejects.toBe(failure);
    await rig.clock.pause(10 * 60_000, signal);
    rig.environment.failNext('deploy', failure, 1);
    expect(await roll(requestOf())).toMatchObject({ kind: 'undone', reason: 'no room' });
    expect(await world()).toEqual(BEFORE);
  });

  test('that cannot be undone is told with both reasons', async () => {
    rig.checkHealth = async () => unhealthy('503');
    await expect(roll(requestOf())).rejects.toMatchObject({
      code: 'HealthCheckFailed',
      message: expect.stringMatching(/^the batch was bad \(v2 .*\), and undoing it failed: v1 /),
    });
    // Traffic is on what is known good, although there is less of it.
    expect((await world()).serves).toBe('v1 100 % of 3');
  });
});

describe('a worker that dies anywhere in a batch', () => {
  const deaths = (effectsMax: number): readonly Death[] =>
    Array.from({ length: effectsMax }, (_, atEffect) => [
      { atEffect, when: 'before' } as const,
      { atEffect, when: 'after' } as const,
    ]).flat();
  const cases = [
    ['in place', false, false, FORWARD],
    ['with a surge', true, false, SURGE_FORWARD],
    ['in place, undone', false, true, [...FORWARD.slice(0, 3), ...BACK]],
    ['with a surge, undone', true, true, ['10 start', ...SURGE_BACK]],
  ] as const;

  test.each(cases)('leaves the same end, %s', async (_how, surge, isUndone, expected) => {
    for (const death of deaths(expected.length)) {
      for (const detailsArrive of [true, false]) {
        await begin();
        if (isUndone) {
          rig.checkHealth = async ({ version }) =>
            version === 'v2' ? unhealthy('503') : { kind: 'healthy', checks: 1 };
        }
        let heartbeatDetails: unknown;
        const onBeat = (details: unknown): void => void (heartbeatDetails = details);
        const request = requestOf({ surge });
        await expect(roll(request, { death, onBeat })).rejects.toThrow(DEATH);
        const again = detailsArrive ? { heartbeatDetails } : {};
        const result = await roll(request, again);
        expect(result.kind).toBe(isUndone ? 'undone' : 'done');
        expect(await world()).toEqual(isUndone ? BEFORE : AFTER);
        expect(await effects()).toEqual(expected);
        // A result that was not reported: the same again.
        expect(await roll(request, again)).toMatchObject({ kind: result.kind });
        expect(await effects()).toEqual(expected);
      }
    }
  });
});

describe('after a good batch the whole system is watched', () => {
  const stabilizing = { stabilizeMs: 60_000 };

  test('for as long as was asked', async () => {
    expect(await roll(requestOf(stabilizing))).toMatchObject({
      kind: 'done',
      watch: { kind: 'judged', verdict: { kind: 'pass', findings: [{ baseline: 40 }, {}] } },
    });
    expect(rig.elapsedMs()).toBe(2000 + 60_000);
  });

  test('the new version beside the old one, and the batch stays where it is bad', async () => {
    rig.metrics.set('v2', SLOW);
    expect(await roll(requestOf(stabilizing))).toMatchObject({
      kind: 'done',
      watch: { kind: 'judged', verdict: { kind: 'fail' } },
    });
    expect(await world()).toEqual(AFTER);
  });

  test('and the health of both', async () => {
    rig.after(10_000, () => {
      rig.checkHealth = async ({ version }) =>
        version === 'v1' ? unhealthy('v1/2: 503') : { kind: 'healthy', checks: 1 };
    });
    expect(await roll(requestOf(stabilizing))).toMatchObject({
      kind: 'done',
      watch: { kind: 'unhealthy', report: 'v1/2: 503' },
    });
  });

  test('by thresholds alone once nobody of the old version is left', async () => {
    const limit = specOf({ performance_thresholds: { max_latency_p95: '100ms' } }).thresholds;
    const all = { ...stabilizing, to: DESIRED, thresholds: limit };
    expect(await roll(requestOf(all))).toMatchObject({
      watch: { verdict: { kind: 'pass', findings: [{ limit: 100 }] } },
    });
  });

  test('and a restart does not begin it anew', async () => {
    const report = 'healthy';
    await roll(requestOf());
    const proved = rig.probed.length;
    const fromMs = rig.clock.nowMs();
    await rig.clock.pause(50_000, signal);
    const heartbeatDetails = {
      forward: { proof: { rounds: 1, sent: 4, warmSinceMs: fromMs }, report },
      back: {},
      undoing: null,
      stabilizing: {
        fromMs,
        watch: { lookedUntilMs: fromMs + 40_000, unhealthyInARow: 0, dataAtMs: fromMs + 40_000 },
      },
    };
    const windows: number[] = [];
    rig.metrics.set('v2', ({ fromMs: beginMs, toMs }) => {
      windows.push(toMs - beginMs);
      return GOOD;
    });
    const result = await roll(requestOf(stabilizing), { heartbeatDetails });
    expect(result).toMatchObject({ kind: 'done', report, watch: { verdict: { kind: 'pass' } } });
    expect(rig.clock.nowMs() - fromMs).toBe(60_000);
    expect(windows).toEqual([55_000, 60_000]);
    expect(rig.probed).toHaveLength(proved);
    expect(await effects()).toEqual(FORWARD);
  });
});

test('a batch that is called off throws and leaves all as it stands', async () => {
  rig.after(1000, () => rig.cancel());
  await expect(roll(requestOf())).rejects.toMatchObject({ name: 'CancelledFailure' });
  expect(await effects()).toEqual(FORWARD.slice(0, 3));
  expect(await world()).toEqual({ runs: '3+2', serves: 'v1 100 % of 3' });
});
