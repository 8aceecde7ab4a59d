import { environmentOf, SERVICE, startTestStack } from '../support/stack.ts';
import { writeHistory } from './history-file.ts';

/**
 * Runs every kind of release and rollback for real and writes their histories. To be run again
 * when a change of the workflows is meant to change what they do; the older files stay as long as
 * runs that began with the older code may still be open.
 */
const stack = await startTestStack('embedded');
const { environment } = stack.temporal;
if (environment === undefined)
  throw new Error('unset TEMPORAL_ADDRESS: recording needs its own server');

async function keep(name: string, workflowId: string): Promise<void> {
  const handle = environment?.client.workflow.getHandle(workflowId);
  const history = await handle?.fetchHistory();
  if (history === undefined) throw new Error(`${workflowId} has no history`);
  writeHistory(name, history);
  process.stdout.write(`${name}: ${history.events?.length ?? 0} events\n`);
}

try {
  const first = await stack.deploy('v1');
  await stack.until(first.workflowId, 'stabilizing');
  stack.load();
  await stack.end(first.workflowId);
  await keep('release-first', first.workflowId);

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
} finally {
  await stack.close();
}
