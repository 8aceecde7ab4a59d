import { Worker } from '@temporalio/worker';
import { beforeAll, expect, test } from 'vitest';
import { dataConverter } from '../../src/codec/data-converter.ts';
import { workflowCode } from '../support/workflow-code.ts';
import { type History, payloadsOf, readHistories } from './history-file.ts';

/** What must be there: a gate that replays nothing would pass. */
const NAMES = [
  'ab-test-rolled-back',
  'ab-test-succeeded',
  'alerting',
  'alerts-before-naps',
  'alerts-other-shard-before-naps',
  'alerts-other-shard',
  'alerts',
  'canary-rolled-back',
  'canary-succeeded',
  'compared-rolled-back',
  'compared-succeeded',
  'incident-acknowledged',
  'incident-never-acknowledged',
  'incident-reassigned',
  'incident-signalled',
  'incident-with-fallback',
  'release-aborted',
  'release-failed-health',
  'release-first',
  'release-rolled-back',
  'release-succeeded',
  'rollback-by-person',
  'rollback-by-release',
  'rollback-of-rolling',
  'rollback-opens-incident',
  'rollback-tells-incident',
  'rolling-rolled-back',
  'rolling-succeeded',
  'scored',
  'service',
];

const histories = readHistories();
let code: string;

beforeAll(async () => {
  code = await workflowCode();
});

async function replay(history: History): Promise<void> {
  await Worker.runReplayHistory({ workflowBundle: { code }, dataConverter }, history);
}

test('a history of every kind of run is there', () => {
  expect(histories.map(({ name }) => name)).toEqual(NAMES);
});

test.each([
  ['compared-rolled-back', /"compare":\{"errors":\{"method":"sequential"/],
  // The pause begins the comparison of its step again, out of the reserve.
  ['compared-succeeded', /error budget spent 0\.9[1-9]\d* of 1 %/],
  ['scored', /"compare":\{[^}]*"kayenta":\{"pass":95/],
])('both versions are compared in %s', (name, compared) => {
  const history = histories.find((one) => one.name === name)?.history ?? {};
  expect(payloadsOf(history)).toMatch(compared);
});

test.each([
  ['incident-acknowledged', /"status":"acknowledged"/],
  ['incident-never-acknowledged', /NeverAcknowledged/],
  ['incident-reassigned', /"purpose":"assigned"/],
  ['incident-signalled', /recorded-ack/],
  ['incident-with-fallback', /\/fallback\/mail/],
  ['alerts', /"state":"arrived"/],
  ['alerting', /"configuration"/],
])('what is to be recorded happens in %s', (name, happens) => {
  const history = histories.find((one) => one.name === name)?.history ?? {};
  expect(payloadsOf(history)).toMatch(happens);
});

test.each(histories)('$name replays', async ({ history }) => {
  expect(history.events?.length).toBeGreaterThan(10);
  await replay(history);
});

test.each(histories)('$name names no place of the machine that recorded it', ({ history }) => {
  const places = payloadsOf(history).match(/\/(?:home|root|Users|work|usr|opt|var)\/[\w./-]+/g);
  expect(places).toBeNull();
});

test.each(histories)('$name does not replay with another command in it', async ({ history }) => {
  await expect(replay(broken(history))).rejects.toThrow(/TMPRL1100|[Nn]ondeterminism/);
});

/** As the history of a code that ran other activities, or started other children. */
function broken(history: History): History {
  let changed = 0;
  const events = (history.events ?? []).map((event) => {
    const scheduled = event.activityTaskScheduledEventAttributes;
    const child = event.startChildWorkflowExecutionInitiatedEventAttributes;
    if (scheduled != null) {
      changed += 1;
      return {
        ...event,
        activityTaskScheduledEventAttributes: { ...scheduled, activityType: { name: 'another' } },
      };
    }
    if (child != null) {
      changed += 1;
      return {
        ...event,
        startChildWorkflowExecutionInitiatedEventAttributes: {
          ...child,
          workflowType: { name: 'another' },
        },
      };
    }
    return event;
  });
  expect(changed).toBeGreaterThan(0);
  return { ...history, events };
}
