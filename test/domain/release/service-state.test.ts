import { expect, test } from 'vitest';
import { demoRelease } from '../../../src/dev/demo-release.ts';
import type { Begun } from '../../../src/domain/release/commands.ts';
import type { DeployedVersion, RunReport } from '../../../src/domain/release/progress.ts';
import { requireRelease } from '../../../src/domain/release/release-file.ts';
import type { ReleaseSpec } from '../../../src/domain/release/release-spec.ts';
import {
  type ServiceState,
  activated,
  answered,
  answerTo,
  answerToRollback,
  deployment,
  ended,
  newService,
  notStarted,
  nowServing,
  rollbackRequest,
  wayBack,
} from '../../../src/domain/release/service-state.ts';
import { queued } from '../../../src/domain/release/supersede.ts';
import {
  refuseAsWritten,
  refuseDeploy,
  refuseRollback,
  rollbackTarget,
} from '../../../src/domain/release/service-refusals.ts';

function versionOf(version: string): DeployedVersion {
  const document = demoRelease({ service: 'shop', version, traffic: { kind: 'memory' } });
  const text = JSON.stringify(document);
  const { spec } = requireRelease({ forTests: true, text, file: 'x.json', folder: '/', version });
  return { version, spec, instances: [{ id: `${version}/0`, host: '127.0.0.1', port: 4000 }] };
}

function begin(state: ServiceState, version: string): ServiceState {
  const requestId = `request-${version}`;
  const command = { requestId, who: 'me', why: 'test', spec: versionOf(version).spec };
  return activated(state, deployment(state, command, 1000), requestId);
}

/** The state after a release of `version` that ended like this. */
function release(
  state: ServiceState,
  version: string,
  end: Pick<RunReport, 'outcome'> & { serving: string | null; usesRollback?: true },
): ServiceState {
  const running = begin(state, version);
  const { active } = running;
  if (active === null) throw new Error('nothing runs');
  return ended(running, active, {
    workflowId: active.workflowId,
    kind: 'release',
    number: active.number,
    lastNumber: active.number + (end.usesRollback === true ? 1 : 0),
    version,
    outcome: end.outcome,
    cause: 'none',
    reason: 'test',
    serving: end.serving === null ? null : versionOf(end.serving),
    left: [],
    startedAtMs: 1000,
    endedAtMs: 2000,
  });
}

const v1 = release(newService('shop'), 'v1', { outcome: 'succeeded', serving: 'v1' });
const v2 = release(v1, 'v2', { outcome: 'succeeded', serving: 'v2' });

test('the version that was stable before is the one to go back to', () => {
  expect(rollbackTarget(v2, undefined)?.version).toBe('v1');
  expect(rollbackTarget(v1, undefined)).toBeUndefined();
});

test('a release that was rolled back is never gone back to', () => {
  const after = release(v2, 'bad', { outcome: 'rolled_back', serving: 'v2', usesRollback: true });
  expect(after.stable?.version).toBe('v2');
  expect(rollbackTarget(after, undefined)?.version).toBe('v1');
  expect(rollbackTarget(after, 'bad')).toBeUndefined();
  const v3 = release(after, 'v3', { outcome: 'succeeded', serving: 'v3' });
  expect(rollbackTarget(v3, undefined)?.version).toBe('v2');
});

test('a rollback uses a number of its own, so that the next release has a higher one', () => {
  const after = release(v2, 'bad', { outcome: 'rolled_back', serving: 'v2', usesRollback: true });
  expect(after.runs.map(({ number, kind }) => [number, kind])).toEqual([
    [4, 'rollback'],
    [3, 'release'],
    [2, 'release'],
    [1, 'release'],
  ]);
  expect(after.nextNumber).toBe(5);
});

test('a second release is refused while one runs, and so is the version that serves', () => {
  const running = begin(v2, 'v3');
  const spec = versionOf('v4').spec;
  const command = { requestId: 'x', who: 'me', why: 'test', spec };
  expect(refuseDeploy(running, command)?.code).toBe('ReleaseInProgress');
  expect(refuseDeploy(v2, { ...command, spec: versionOf('v2').spec })?.code).toBe(
    'VersionAlreadyStable',
  );
  expect(refuseDeploy(v2, command)).toBeUndefined();
});

test('a release and a rollback under one request id are two requests', () => {
  const running = begin(v2, 'v3');
  expect(answerToRollback(running, 'request-v3')).toBeUndefined();
  const answer: Begun = {
    kind: 'begun',
    ...{ workflowId: 'rollback/shop/4', number: 4, version: 'v2', remarks: [] },
  };
  const kept = (requestId: string): ServiceState => ({
    ...running,
    answered: [{ requestId, answer }, ...running.answered],
  });
  const both = kept(rollbackRequest('request-v3'));
  expect(answerToRollback(both, 'request-v3')).toEqual(answer);
  expect(answerTo(both, 'request-v3')).toMatchObject({ workflowId: 'release/shop/3' });
  // Older code kept a rollback under the bare id.
  expect(answerToRollback(kept('back'), 'back')).toEqual(answer);
});

test('the answer to a request is kept under its id, and forgotten when nothing was started', () => {
  const running = begin(v2, 'v3');
  expect(answerTo(running, 'request-v3')).toMatchObject({ workflowId: 'release/shop/3' });
  const { active } = running;
  if (active === null) throw new Error('nothing runs');
  const given = notStarted(running, active, 'request-v3');
  expect(answerTo(given, 'request-v3')).toBeUndefined();
  expect(given.active).toBeNull();
  expect(given.nextNumber).toBe(4);
});

test('without an earlier version there is nothing to roll back to', () => {
  const command = { requestId: 'x', who: 'me', why: 'test', toVersion: undefined };
  expect(refuseRollback(v1, command)?.code).toBe('NothingToRollBackTo');
  expect(refuseRollback(v2, command)).toBeUndefined();
  expect(refuseRollback(v2, { ...command, toVersion: 'v9' })?.code).toBe('NothingToRollBackTo');
});

test('a rollback that a release was told to carry out itself is answered so again', () => {
  const running = begin(v2, 'v3');
  const passedOn: Begun = {
    kind: 'begun',
    ...{ workflowId: 'release/shop/3', number: 3, version: 'v2', remarks: [] },
  };
  const told = answered(running, rollbackRequest('back'), passedOn);
  expect(answerToRollback(told, 'back')).toEqual(passedOn);
});

test('a number that was told of meanwhile is not given a second time', () => {
  const running = begin(v2, 'v3');
  const { active } = running;
  if (active === null) throw new Error('nothing runs');
  // The release's own rollback says who serves, and the release is lost before it ends.
  const told = nowServing(running, {
    ...{ workflowId: 'rollback/shop/4', serving: versionOf('v2'), lastNumber: 4 },
  });
  const back = wayBack(told, active, { how: 'terminated', number: active.number + 1, atMs: 3000 });
  expect(back).toMatchObject({ workflowId: 'rollback/shop/4', wasLost: true, version: 'v2' });
  if (back === undefined) throw new Error('nothing goes back');
  expect(activated({ ...told, nextNumber: 9 }, back, 'x').nextNumber).toBe(9);
});

test('the answer to one that waits outlives any number of others', () => {
  const command = { requestId: 'waits', who: 'me', why: 'test', spec: versionOf('v4').spec };
  const waiting = queued(begin(v2, 'v3'), command, [], 1000);
  const answer: Begun = {
    kind: 'begun',
    ...{ workflowId: 'release/shop/3', number: 3, version: 'v3', remarks: [] },
  };
  const later = Array.from({ length: 300 }, (_, at) => `later-${at}`).reduce(
    (state, requestId) => answered(state, requestId, answer),
    waiting,
  );
  expect(answerTo(later, 'waits')).toMatchObject({ kind: 'queued' });
  expect(later.answered.length).toBeLessThanOrEqual(201);
  expect(answerTo(later, 'later-0')).toBeUndefined();
});

test.each([
  ['strategy', { strategy: 'blue-green' }],
  ['strategy', { strategy: 'toString' }],
  ['supersede', { supersede: 'wait' }],
  ['supersede', { supersede: undefined }],
  ['freeze windows', { freezeWindows: null }],
])('a specification whose %s nobody could act on is refused at once', (what, changes) => {
  const spec = { ...versionOf('v3').spec, ...changes } as unknown as ReleaseSpec;
  const command = { requestId: 'x', who: 'me', why: 'test', spec };
  expect(refuseAsWritten(v2, command)).toMatchObject({
    code: 'ReleaseFileInvalid',
    message: expect.stringContaining(what),
  });
});
