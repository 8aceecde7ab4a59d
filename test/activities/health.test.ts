import { beforeEach, describe, expect, test } from 'vitest';
import { createHealthActivities } from '../../src/activities/health.ts';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import {
  type ActivityRig,
  SERVICE,
  createActivityRig,
  specOf,
  targetOf,
  unhealthy,
} from '../support/activity-rig.ts';

const { signal } = new AbortController();

let rig: ActivityRig;
beforeEach(() => {
  rig = createActivityRig();
});

function prove(
  document: Partial<ReleaseDocument> = {},
  attempt: Parameters<ActivityRig['run']>[2] = {},
  target = targetOf('v2'),
) {
  const { service, environment, health, warmup } = specOf(document);
  const { proveReady } = createHealthActivities(rig.deps);
  return rig.run(proveReady, { service, environment, health, warmup, target }, attempt);
}

test('a healthy version is warmed up at its pace, every instance in turn', async () => {
  const document = { warmup_duration: '10s', warmup_requests_per_second: 2 };
  const { report } = await prove(document);
  expect(report).toBe('healthy after 1 round(s), warmed up with 20 request(s) in 10s');
  expect(rig.elapsedMs()).toBe(10_000);
  const urls = rig.probed.map(({ url }) => url);
  expect(urls.slice(0, 3)).toEqual([
    'http://127.0.0.1:4000/',
    'http://127.0.0.1:4001/',
    'http://127.0.0.1:4000/',
  ]);
});

test('a version is asked again until it is healthy, ever more slowly', async () => {
  const rounds: number[] = [];
  rig.checkHealth = async () => {
    rounds.push(rig.elapsedMs());
    return rounds.length < 7 ? unhealthy('starting') : { kind: 'healthy', checks: 1 };
  };
  const document = { health_check_interval: '1s', warmup_duration: '0s' };
  expect((await prove(document)).report).toContain('healthy after 7 round(s)');
  expect(rounds).toEqual([0, 1000, 3000, 7000, 12_000, 17_000, 22_000]);
});

describe('a version that is not healthy by the deadline', () => {
  test('has failed, with every check of the last round', async () => {
    rig.checkHealth = async () => unhealthy('2 of 2 checks failed: v2/0: 503; v2/1: 503');
    await expect(prove({ health_check_timeout: '20s' })).rejects.toMatchObject({
      code: 'HealthCheckFailed',
      message: expect.stringMatching(
        /^v2 was not healthy within 20s, \d+ round\(s\): 2 of 2 .* 503$/,
      ),
    });
    expect(rig.elapsedMs()).toBeLessThan(20_000);
    expect(rig.probed).toEqual([]);
  });

  test('is asked once more where the worker was away until then', async () => {
    let rounds = 0;
    rig.checkHealth = async () => {
      rounds += 1;
      return { kind: 'healthy', checks: 1 };
    };
    await rig.clock.pause(120_000, signal);
    expect((await prove({ warmup_duration: '0s' })).report).toContain('healthy after 1 round(s)');
    expect(rounds).toBe(1);
  });

  test('tells so although one check would never end', async () => {
    let limit: AbortSignal | undefined;
    rig.checkHealth = async (_request, until) => {
      limit = until;
      return unhealthy('v2/0: no answer before the deadline');
    };
    await rig.clock.pause(59_500, signal);
    await expect(prove()).rejects.toMatchObject({
      code: 'HealthCheckFailed',
      message: expect.stringContaining('no answer before the deadline'),
    });
    expect(limit).toBeInstanceOf(AbortSignal);
  });
});

test('an instance that has ended by itself is unhealthy, whoever answers at its port', async () => {
  const { environment } = specOf();
  const by = { service: SERVICE, version: 'v2', key: 'k', generation: 1 };
  const instances = await rig.environment.deploy({ ...by, spec: environment }, signal);
  rig.environment.crash('v2');
  await expect(prove({}, {}, { version: 'v2', instances: [...instances] })).rejects.toMatchObject({
    code: 'HealthCheckFailed',
    message: expect.stringContaining('v2/0 has ended by itself; its log is memory'),
  });
});

describe('a later attempt', () => {
  test('does not begin the deadline anew', async () => {
    rig.checkHealth = async () => unhealthy('503');
    await rig.clock.pause(50_000, signal);
    const heartbeatDetails = { rounds: 9, sent: 0 };
    await expect(prove({}, { heartbeatDetails })).rejects.toMatchObject({
      message: expect.stringMatching(/1[0-9] round\(s\)/),
    });
    expect(rig.elapsedMs()).toBeLessThan(60_000);
  });

  test('does not repeat what has been warmed up', async () => {
    const warmSinceMs = rig.clock.nowMs();
    await rig.clock.pause(8000, signal);
    rig.checkHealth = async () => unhealthy('is not asked again');
    const heartbeatDetails = { rounds: 3, sent: 40, warmSinceMs };
    const document = { warmup_duration: '10s', warmup_requests_per_second: 5 };
    const { report } = await prove(document, { heartbeatDetails });
    expect(report).toBe('healthy after 3 round(s), warmed up with 50 request(s) in 10s');
    expect(rig.elapsedMs()).toBe(10_000);
  });

  test('that finds details it does not understand begins anew', async () => {
    const { report } = await prove(
      { warmup_duration: '0s' },
      { heartbeatDetails: { rounds: 'x' } },
    );
    expect(report).toContain('healthy after 1 round(s)');
  });
});

test('the answers of the warm-up are not judged, and those that get lost do no harm', async () => {
  rig.deps.probe = async () => ({ kind: 'lost', why: 'ECONNRESET', tookMs: 1 });
  expect((await prove()).report).toContain('warmed up with');
});

test('a proof that is called off throws', async () => {
  rig.checkHealth = async () => unhealthy('503');
  rig.after(5000, () => rig.cancel());
  await expect(prove()).rejects.toMatchObject({ name: 'CancelledFailure' });
});
