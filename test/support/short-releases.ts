import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import type { WorkflowRig } from './workflow-rig.ts';

/** A release that hardly waits: a workflow that nobody takes up keeps the server from skipping time. */
export const SHORT = {
  ...{ warmup_duration: '0s', stabilization_period: '10s' },
  ...{ cleanup_delay: '0s', rollback_verify_after: '1s' },
};

/** One that waits for a person amid its steps, at the gate `go`. */
export const GATED = {
  ...SHORT,
  ...{ strategy: 'canary', steps: [{ weight: 25 }, { gate: { name: 'go', person: {} } }] },
} satisfies Partial<ReleaseDocument>;

/** Somebody has begun workflows under these names. */
export async function useNames({ env }: WorkflowRig, ids: readonly string[]): Promise<void> {
  for (const workflowId of ids) {
    const options = { workflowId, taskQueue: 'of-somebody' };
    const handle = await env.client.workflow.start('of-somebody', options);
    await handle.terminate();
  }
}
