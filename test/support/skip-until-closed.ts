import type { TestWorkflowEnvironment } from '@temporalio/testing';

/** How much time is skipped before the workflow is looked at again. */
const STEP_MIN_MS = 100;
const STEP_MAX_MS = 5000;

/**
 * Skips time until a workflow has closed. Whoever awaits its result may skip ten years, to the
 * time-out of another workflow.
 */
export async function skipUntilClosed(env: TestWorkflowEnvironment, id: string): Promise<void> {
  const handle = env.client.workflow.getHandle(id);
  const isOpen = async () => (await handle.describe()).status.name === 'RUNNING';
  for (let stepMs = STEP_MIN_MS; await isOpen(); stepMs = Math.min(2 * stepMs, STEP_MAX_MS)) {
    await env.sleep(stepMs);
  }
}
