import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, test } from 'vitest';
import { type Releases, createSteering } from '../../src/activities/steer-release.ts';
import type { SteerReleaseRequest } from '../../src/domain/alerting/alert-activities.ts';
import { FAILURES, Failure, type FailureCode } from '../../src/domain/failure.ts';
import type { RunRecord } from '../../src/domain/release/progress.ts';

const WHY = 'the alert {alertname="Slow"} fires';
const REQUEST: SteerReleaseRequest = {
  ...{ service: 'checkout', verb: 'pause', who: 'alerts/3', why: WHY, requestId: 'slow-1' },
};

function running(changes: Partial<RunRecord> = {}): RunRecord {
  return {
    ...{ workflowId: 'release/checkout/7', service: 'checkout', kind: 'release', number: 7 },
    ...{ version: 'v3', who: 'ada', why: 'faster', startedAtMs: 0 },
    ...{ endedAtMs: undefined, outcome: undefined, reason: undefined },
    ...changes,
  };
}

/** Releases as the client shows them, with what was asked of them. */
function releasesWith(active: RunRecord | undefined, changes: Partial<Releases> = {}) {
  const asked: unknown[] = [];
  const releases: Releases = {
    history: async () => ({ active }),
    steer: async (service, verb, request) => {
      asked.push([service, verb, request]);
      return { phase: 'progressing' };
    },
    progress: async () => ({ strategy: 'canary' }),
    ...changes,
  };
  return { asked, releases };
}

function steer(releases: Releases, request = REQUEST, heartbeatDetails?: string) {
  const environment = new MockActivityEnvironment({ heartbeatDetails });
  const beats: unknown[] = [];
  environment.on('heartbeat', (details: unknown) => beats.push(details));
  const result = environment.run(createSteering({ releases }).steerRelease, request);
  return { result, beats };
}

const refusing = (code: FailureCode, message: string) => async (): Promise<never> => {
  throw new Failure(code, message);
};

test.each([
  ['pause', 'pause'],
  ['rollback', 'abort'],
] as const)('%s asks the running release to %s, and says which it was', async (verb, word) => {
  const { releases, asked } = releasesWith(running());
  const { result, beats } = steer(releases, { ...REQUEST, verb });
  expect(await result).toEqual({
    ...{ kind: 'steered', workflowId: 'release/checkout/7', phase: 'progressing' },
    ...{ version: 'v3', strategy: 'canary' },
  });
  const { who, why, requestId } = REQUEST;
  expect(asked).toEqual([['checkout', word, { who, why, requestId }]]);
  expect(beats).toEqual(['release/checkout/7']);
});

describe('nothing is steered', () => {
  test('where no release runs', async () => {
    const { releases, asked } = releasesWith(undefined);
    expect(await steer(releases).result).toEqual({
      ...{ kind: 'none', why: 'checkout has no running release' },
    });
    expect(asked).toEqual([]);
  });

  test('where traffic is being taken back already', async () => {
    const { releases, asked } = releasesWith(
      running({ kind: 'rollback', workflowId: 'rollback/checkout/8' }),
    );
    expect(await steer(releases).result).toMatchObject({ kind: 'none' });
    expect(asked).toEqual([]);
  });

  test('of a service that nobody knows', async () => {
    const { releases } = releasesWith(undefined, {
      history: refusing('NotFound', 'checkout is not known to Belay'),
    });
    expect(await steer(releases).result).toEqual({
      ...{ kind: 'none', why: 'checkout is not known to Belay' },
    });
  });

  test.each(['NotAllowedNow', 'NotFound'] as const)('where the release says %s', async (code) => {
    const { releases } = releasesWith(running(), { steer: refusing(code, 'it is paused already') });
    expect(await steer(releases).result).toEqual({ kind: 'none', why: 'it is paused already' });
  });

  test('of a release that has begun since the first attempt', async () => {
    const { releases, asked } = releasesWith(running());
    const { result } = steer(releases, REQUEST, 'release/checkout/5');
    expect(await result).toMatchObject({ why: expect.stringContaining('release/checkout/5') });
    expect(asked).toEqual([]);
  });
});

test('a further attempt asks the same release under the same id', async () => {
  const { releases, asked } = releasesWith(running());
  const { result } = steer(releases, REQUEST, 'release/checkout/7');
  expect(await result).toMatchObject({ kind: 'steered' });
  expect(asked).toMatchObject([['checkout', 'pause', { requestId: 'slow-1' }]]);
});

test.each(['NoWorker', 'TemporalUnreachable'] as const)('%s is tried again', async (code) => {
  const { releases } = releasesWith(running(), { history: refusing(code, 'silence') });
  const error = await steer(releases).result.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(Failure);
  expect(error instanceof Failure && FAILURES[error.code].retry).toBe(true);
});

test('what was steered stays so where its strategy is not known', async () => {
  const { releases } = releasesWith(running(), { progress: refusing('NoWorker', 'silence') });
  expect(await steer(releases).result).toMatchObject({ kind: 'steered', strategy: undefined });
});
