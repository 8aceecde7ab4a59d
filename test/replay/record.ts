import { QUICK, SERVICE, environmentOf, startTestStack } from '../support/stack.ts';
import { unpacked } from '../support/unpacked.ts';
import { type History, writeHistory } from './history-file.ts';
import { recordAlerts } from './record-alerts.ts';
import { recordIncidents } from './record-incidents.ts';

/** Parts that need nothing of what the others run on. */
const OWN_SERVER = new Set(['incidents', 'alerts']);

const wanted = process.argv.slice(2);
if (isWanted('incidents')) await recordIncidents(write);
if (isWanted('alerts')) await recordAlerts(write);
if (wanted.length > 0 && wanted.every((one) => OWN_SERVER.has(one))) process.exit(0);

/**
 * Runs every kind of release and rollback for real and writes their histories. To be run again
 * when a change of the workflows is meant to change what they do; the older files stay as long as
 * runs that began with the older code may still be open. Parts as arguments: only these.
 */
const stack = await startTestStack('embedded');
const { environment } = stack.temporal;
if (environment === undefined)
  throw new Error('unset TEMPORAL_ADDRESS: recording needs its own server');

const ADA = { who: 'ada', why: 'looks good' } as const;

async function keep(name: string, workflowId: string): Promise<void> {
  const handle = environment?.client.workflow.getHandle(workflowId);
  const history = await handle?.fetchHistory();
  if (history === undefined) throw new Error(`${workflowId} has no history`);
  write(name, await unpacked(history));
}

function write(name: string, history: History): void {
  writeHistory(name, history);
  process.stdout.write(`${name}: ${history.events?.length ?? 0} events\n`);
}

async function recordBlueGreen(): Promise<void> {
  const second = await stack.deploy('v2');
  await stack.end(second.workflowId);
  await keep('release-succeeded', second.workflowId);

  const sick = await stack.deploy('sick', {
    health_check_timeout: '2s',
    environment: environmentOf({ FAULT: 'unhealthy' }),
  });
  await stack.end(sick.workflowId);
  await keep('release-failed-health', sick.workflowId);

  const leaky = await stack.deploy('leaky', {
    stabilization_period: '20s',
    environment: environmentOf({ FAULT: 'leak' }),
  });
  const back = await stack.end(leaky.workflowId);
  await keep('release-rolled-back', leaky.workflowId);
  await keep('rollback-by-release', `rollback/${SERVICE}/${back.lastNumber}`);

  const aborted = await stack.deploy('v3', { stabilization_period: '20s' });
  await stack.until(aborted.workflowId, 'stabilizing');
  await stack.client.abort(SERVICE, { who: 'ada', why: 'a second look' });
  await stack.end(aborted.workflowId);
  await keep('release-aborted', aborted.workflowId);

  const person = await stack.client.rollback(SERVICE, { who: 'ada', why: 'back to v1' });
  await stack.end(person.workflowId);
  await keep('rollback-by-person', person.workflowId);

  await keep('service', `service/${SERVICE}`);
}

async function recordCanary(): Promise<void> {
  const steps = [
    { match: { header: 'x-tester', present: true } as const },
    { gate: { name: 'look', person: {} } },
    { weight: '20%', for: '1s' },
    { weight: '50%', for: '2s' },
  ];
  const changes = { ...QUICK, strategy: 'canary', baseline: true, steps } as const;
  const good = await stack.deploy('canary', changes);
  await stack.when(good.workflowId, ({ waiting }) => waiting?.why === 'gate');
  await stack.client.approve(SERVICE, 'look', ADA);
  await stack.when(good.workflowId, ({ weights }) =>
    weights.some((one) => one.weightPercent === 50),
  );
  await stack.client.pause(SERVICE, ADA);
  await stack.client.resume(SERVICE, ADA);
  await stack.end(good.workflowId);
  await keep('canary-succeeded', good.workflowId);

  const bad = await stack.deploy('bad-canary', {
    ...changes,
    steps: [{ weight: '20%', for: '1s' }, { hold: 'until_approved' }],
  });
  await stack.when(bad.workflowId, ({ waiting }) => waiting?.why === 'gate');
  await stack.fault('bad-canary', 'errors');
  await stack.end(bad.workflowId);
  await keep('canary-rolled-back', bad.workflowId);
}

async function recordRolling(): Promise<void> {
  const changes = {
    ...QUICK,
    strategy: 'rolling',
    rolling: { batch: '50%', stabilize: '2s' },
  } as const;
  const good = await stack.deploy('rolling', changes);
  await stack.end(good.workflowId);
  await keep('rolling-succeeded', good.workflowId);

  const bad = await stack.deploy('bad-rolling', changes);
  await stack.when(bad.workflowId, ({ at }) => at === 1);
  await stack.fault('bad-rolling', 'errors');
  const back = await stack.end(bad.workflowId);
  await keep('rolling-rolled-back', bad.workflowId);
  await keep('rollback-of-rolling', `rollback/${SERVICE}/${back.lastNumber}`);
}

async function recordAbTest(): Promise<void> {
  const test = { share: '50%', min_duration: '1s', max_duration: '3s', min_samples: 20 } as const;
  for (const [version, undecided, name] of [
    ['ab-test', 'candidate', 'ab-test-succeeded'],
    ['bad-ab-test', 'control', 'ab-test-rolled-back'],
  ] as const) {
    const { workflowId } = await stack.deploy(version, {
      ...QUICK,
      strategy: 'ab_test',
      ab_test: { ...test, undecided },
    });
    await stack.end(workflowId);
    await keep(name, workflowId);
  }
}

/** Both versions are compared: by the tests of each metric, over a pause, and by one score. */
async function recordCompared(): Promise<void> {
  const changes = { ...QUICK, strategy: 'canary' } as const;
  const steps = [
    { weight: '20%', for: '3s' },
    { weight: '50%', for: '6s' },
  ] as const;
  const judge = { latency: { method: 'mann_whitney' } } as const;
  const good = await stack.deploy('compared', { ...changes, steps: [...steps], judge });
  await stack.when(good.workflowId, ({ weights }) =>
    weights.some((one) => one.weightPercent === 50),
  );
  await stack.client.pause(SERVICE, ADA);
  await stack.client.resume(SERVICE, ADA);
  await stack.end(good.workflowId);
  await keep('compared-succeeded', good.workflowId);

  const bad = await stack.deploy('flaky', {
    ...changes,
    steps: [{ weight: 50, for: '5m' }],
    performance_thresholds: { max_error_rate: '20%' },
    validation: { ...QUICK.validation, max_error_rate_increase: '20%' },
    environment: environmentOf({ FAULT: 'flaky' }),
  });
  await stack.end(bad.workflowId);
  await keep('compared-rolled-back', bad.workflowId);

  const scored = await stack.deploy('scored', {
    ...changes,
    steps: [{ weight: 50, for: '12s' }],
    judge: { method: 'kayenta' },
  });
  await stack.end(scored.workflowId);
  await keep('scored', scored.workflowId);
}

/** Two in a row: the first opens the incident, the second is told to it. */
async function recordIncident(): Promise<void> {
  const changes = {
    ...QUICK,
    stabilization_period: '20s',
    incidents: { policy: 'night' },
  } as const;
  for (const [version, name] of [
    ['paged', 'rollback-opens-incident'],
    ['paged-again', 'rollback-tells-incident'],
  ] as const) {
    const { workflowId } = await stack.deploy(version, changes);
    await stack.until(workflowId, 'stabilizing');
    await stack.fault(version, 'errors');
    const back = await stack.end(workflowId);
    await keep(name, `rollback/${SERVICE}/${back.lastNumber}`);
  }
}

const RECORDINGS = {
  blue_green: recordBlueGreen,
  canary: recordCanary,
  rolling: recordRolling,
  ab_test: recordAbTest,
  compared: recordCompared,
  incident: recordIncident,
} as const;

try {
  const first = await stack.deploy('v1');
  await stack.until(first.workflowId, 'stabilizing');
  stack.load();
  await stack.end(first.workflowId);
  if (isWanted('blue_green')) await keep('release-first', first.workflowId);
  for (const [strategy, record] of Object.entries(RECORDINGS)) {
    if (isWanted(strategy)) await record();
  }
} finally {
  await stack.close();
}

function isWanted(strategy: string): boolean {
  return wanted.length === 0 || wanted.includes(strategy);
}
