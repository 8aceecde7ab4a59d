import { once } from 'node:events';
import { type Server, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEnvironmentActivities } from '../../src/activities/environment.ts';
import { withCodes } from '../../src/activities/failure.ts';
import { createNotifyActivities } from '../../src/activities/notify.ts';
import { createTrafficActivities } from '../../src/activities/traffic.ts';
import { Failure } from '../../src/domain/failure.ts';
import { acceptsConnections } from '../../src/providers/traffic/check-change.ts';
import type { Instance } from '../../src/domain/release/instance.ts';
import type { Notification } from '../../src/domain/release/notification.ts';
import {
  type ActivityRig,
  SERVICE,
  createActivityRig,
  specOf,
  targetOf,
} from '../support/activity-rig.ts';

const { signal } = new AbortController();
const { environment, traffic } = specOf();
const BLOCKS = { service: SERVICE, environment, traffic };

let rig: ActivityRig;
let activities: ReturnType<typeof createEnvironmentActivities>;
beforeEach(() => {
  rig = createActivityRig();
  activities = createEnvironmentActivities(rig.deps);
});

async function weights(): Promise<Record<string, number>> {
  const { routes } = await rig.router.read(SERVICE, signal);
  return Object.fromEntries(routes.map((route) => [route.version, route.weightPercent]));
}

const deploy = (version: string, generation: number, serving: string | null = null) => ({
  ...BLOCKS,
  version,
  deploy: { key: `deploy ${version}`, generation },
  register:
    serving === null
      ? null
      : { key: `register ${version}`, generation: generation + 1, serving: targetOf(serving) },
});

const switchTo = (version: string, generation: number, other?: string) => ({
  ...BLOCKS,
  key: `switch ${version}`,
  generation,
  routes: [
    { ...targetOf(version), weightPercent: 100 },
    ...(other === undefined ? [] : [{ ...targetOf(other), weightPercent: 0 }]),
  ],
});

const retire = (version: string, generation: number) => ({
  ...BLOCKS,
  target: targetOf(version),
  drainDeadlineMs: 1000,
  unregister: { key: `unregister ${version}`, generation },
  remove: { key: `remove ${version}`, generation: generation + 1 },
});

describe('a deployment', () => {
  test('of the first version is unknown to the load balancer until it has traffic', async () => {
    expect(await rig.run(activities.deployVersion, deploy('v1', 1))).toHaveLength(2);
    expect(await weights()).toEqual({});
  });

  test('of the next makes it known without traffic, and a repeat changes nothing', async () => {
    const first = await rig.run(activities.deployVersion, deploy('v2', 1, 'v1'));
    expect(await weights()).toEqual({ v1: 100, v2: 0 });
    expect(await rig.run(activities.deployVersion, deploy('v2', 1, 'v1'))).toEqual(first);
    expect(await rig.router.effects(SERVICE, signal)).toHaveLength(1);
    expect(await rig.environment.effects(SERVICE)).toHaveLength(1);
  });

  test('that fails is not made known', async () => {
    rig.environment.failNext('deploy', new Failure('EnvironmentFailed', 'no room'), 1);
    await expect(rig.run(activities.deployVersion, deploy('v2', 1, 'v1'))).rejects.toMatchObject({
      code: 'EnvironmentFailed',
    });
    expect(await weights()).toEqual({});
  });
});

describe('a switch', () => {
  test('tells what was before and what is now', async () => {
    const { switchTraffic } = createTrafficActivities(rig.deps);
    await rig.run(switchTraffic, switchTo('v1', 1, 'v2'));
    const before = await rig.router.read(SERVICE, signal);
    expect(before.routes).toMatchObject([{ version: 'v1', weightPercent: 100 }, {}]);
    expect(await rig.run(switchTraffic, switchTo('v2', 2, 'v1'))).toEqual({
      service: SERVICE,
      generation: 2,
      before,
      after: [
        { version: 'v2', weightPercent: 100 },
        { version: 'v1', weightPercent: 0 },
      ],
    });
  });

  test('of an older generation is refused', async () => {
    const { switchTraffic } = createTrafficActivities(rig.deps);
    await rig.run(switchTraffic, switchTo('v1', 5));
    await expect(rig.run(switchTraffic, switchTo('v2', 4))).rejects.toMatchObject({
      code: 'StaleGeneration',
    });
  });
});

describe('a switch that says what it comes after', () => {
  test('is made there, and a repeat is already done', async () => {
    const { switchTraffic } = createTrafficActivities(rig.deps);
    await rig.run(switchTraffic, switchTo('v1', 1, 'v2'));
    const next = { ...switchTo('v2', 2, 'v1'), after: 1 };
    await rig.run(switchTraffic, next);
    await rig.run(switchTraffic, next);
    expect(await weights()).toEqual({ v2: 100, v1: 0 });
  });

  test('is refused where somebody has moved the traffic meanwhile', async () => {
    const { switchTraffic } = createTrafficActivities(rig.deps);
    await rig.run(switchTraffic, switchTo('v1', 2, 'v2'));
    const late = { ...switchTo('v2', 3, 'v1'), after: 1 };
    await expect(rig.run(switchTraffic, late)).rejects.toMatchObject({ code: 'TrafficTakenBack' });
    expect(await weights()).toEqual({ v1: 100, v2: 0 });
  });
});

test('a switch carries how users are told apart', async () => {
  const { switchTraffic } = createTrafficActivities(rig.deps);
  const steering = { affinity: { cookie: 'belay_user', maxAgeS: 60, salt: 'release/shop/7' } };
  await rig.run(switchTraffic, { ...switchTo('v2', 1, 'v1'), steering });
  expect(await rig.router.read(SERVICE, signal)).toMatchObject(steering);
});

describe('a switch that needs so many instances', () => {
  /** Whoever accepts connections is asked for real here. */
  const reaching = () => ({ ...rig.deps, acceptsConnections });
  let listening: Server;
  let up: Instance;
  beforeEach(async () => {
    listening = createServer().listen(0, '127.0.0.1');
    await once(listening, 'listening');
    const address = listening.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    up = { id: 'v2/0', host: '127.0.0.1', port };
  });
  afterEach(() => {
    listening.close();
  });
  const down: Instance = { id: 'v2/1', host: '127.0.0.1', port: 1 };
  const needing = (instances: number, of: readonly Instance[]) => ({
    ...BLOCKS,
    key: 'switch v2',
    generation: 1,
    routes: [{ version: 'v2', weightPercent: 100, instances: of }],
    needs: [{ version: 'v2', instances }],
  });

  test('is made where they accept connections', async () => {
    const { switchTraffic } = createTrafficActivities(reaching());
    await rig.run(switchTraffic, needing(1, [up, down]));
    expect(await weights()).toEqual({ v2: 100 });
  });

  test('is refused where fewer do, and says how many of how many', async () => {
    const { switchTraffic } = createTrafficActivities(reaching());
    await expect(rig.run(switchTraffic, needing(2, [up, down]))).rejects.toMatchObject({
      code: 'TargetNotReady',
      message:
        '1 of 2 instance(s) of v2 accept connections, 2 are needed for its share of the traffic',
    });
    expect(await weights()).toEqual({});
  });

  test('is not asked again once it has been made', async () => {
    const { switchTraffic } = createTrafficActivities(reaching());
    await rig.run(switchTraffic, needing(1, [up]));
    listening.close();
    await once(listening, 'close');
    expect(await rig.run(switchTraffic, needing(1, [up]))).toMatchObject({ generation: 1 });
  });
});

describe('a version that is retired', () => {
  beforeEach(async () => {
    await rig.run(activities.deployVersion, deploy('v1', 1));
    const { switchTraffic } = createTrafficActivities(rig.deps);
    await rig.run(switchTraffic, switchTo('v2', 10, 'v1'));
  });

  test('stays when somebody has moved traffic while it drained', async () => {
    const { drain } = rig.router;
    const moving = {
      ...rig.router,
      async drain(request: Parameters<typeof drain>[0], until: AbortSignal) {
        const drained = await drain(request, until);
        const { routes } = await rig.router.read(SERVICE, until);
        await rig.router.apply(
          { service: SERVICE, key: 'break-glass/ann', generation: 11, routes },
          until,
        );
        return drained;
      },
    };
    const { retireVersion } = createEnvironmentActivities({ ...rig.deps, router: () => moving });
    await expect(rig.run(retireVersion, retire('v1', 12))).rejects.toMatchObject({
      code: 'TrafficTakenBack',
    });
    expect(await weights()).toEqual({ v2: 100, v1: 0 });
    expect(await rig.environment.find(SERVICE, 'v1')).toHaveLength(2);
  });

  test('leaves the load balancer, then its instances end', async () => {
    await rig.run(activities.retireVersion, retire('v1', 11));
    expect(await weights()).toEqual({ v2: 100 });
    expect(await rig.environment.find(SERVICE, 'v1')).toEqual([]);
  });

  test('may be retired again', async () => {
    await rig.run(activities.retireVersion, retire('v1', 11));
    await rig.run(activities.retireVersion, retire('v1', 11));
    expect(await rig.environment.effects(SERVICE)).toHaveLength(2);
  });

  test('must have no traffic', async () => {
    await expect(rig.run(activities.retireVersion, retire('v2', 11))).rejects.toMatchObject({
      code: 'NotAllowedNow',
      message: 'v2 has 100 % of the traffic: it is not removed',
    });
  });

  test('is ended although requests were still open at the deadline', async () => {
    rig.router.setOpen('v1', 3);
    await rig.run(activities.retireVersion, retire('v1', 11));
    expect(await rig.environment.find(SERVICE, 'v1')).toEqual([]);
  });

  test('keeps running while the load balancer does not let it go', async () => {
    rig.router.failNext(new Failure('TrafficUnreachable', 'away'), 1);
    await expect(rig.run(activities.retireVersion, retire('v1', 11))).rejects.toMatchObject({
      code: 'TrafficUnreachable',
    });
    expect(await rig.environment.find(SERVICE, 'v1')).toHaveLength(2);
  });
});

test('a notification is sent, and a failure to do so is told as it is', async () => {
  const { notify } = createNotifyActivities(rig.deps);
  const notification: Notification = {
    dedupKey: 'k',
    severity: 'info',
    title: 't',
    text: 'x',
    service: SERVICE,
    version: 'v2',
    workflowId: 'release/shop/7',
    outcome: 'succeeded',
    durationMs: 1,
    atMs: 2,
  };
  const channel = { kind: 'memory' as const, on: [] };
  expect(await rig.run(notify, { channel, notification })).toEqual({ receipt: 'k' });
  rig.channel.failNext(new Failure('NotificationRejected', 'no'), 1, 'before');
  await expect(rig.run(notify, { channel, notification })).rejects.toMatchObject({
    code: 'NotificationRejected',
  });
});

describe('what an activity throws reaches Temporal', () => {
  const failing = (error: unknown) =>
    rig.run(
      withCodes(async () => Promise.reject(error)),
      {},
    );

  test.each([
    ['a failure that a retry may mend', 'TrafficUnreachable', false],
    ['a failure that none can', 'StaleGeneration', true],
  ] as const)('%s, by its code', async (_name, code, nonRetryable) => {
    await expect(failing(new Failure(code, 'so it is'))).rejects.toMatchObject({
      name: 'ApplicationFailure',
      type: code,
      message: 'so it is',
      nonRetryable,
    });
  });

  test('with the time at which a receiver wants to be asked again', async () => {
    const failure = new Failure('NotificationUndelivered', 'busy', { retryAfterMs: 7000 });
    await expect(failing(failure)).rejects.toMatchObject({ nextRetryDelay: 7000 });
  });

  test('as it is where it is a bug, so that a mended worker goes on with it', async () => {
    const bug = new TypeError('undefined is not a function');
    await expect(failing(bug)).rejects.toBe(bug);
  });
});
