import { Context } from '@temporalio/activity';
import type { RunReport } from '../domain/release/progress.ts';
import type { RunState } from './requests.ts';

/** How a run stands, for a `service` workflow that has continued as new since it began it. */
export function createRunStateActivities() {
  return {
    async runState(workflowId: string): Promise<RunState> {
      const handle = Context.current().client.workflow.getHandle(workflowId);
      const description = await describe(handle);
      if (description === undefined) return { kind: 'lost', how: 'not_found' };
      const { name } = description.status;
      if (name === 'RUNNING' || name === 'CONTINUED_AS_NEW') return { kind: 'running' };
      if (name !== 'COMPLETED') return { kind: 'lost', how: name.toLowerCase() };
      const report: RunReport = await handle.result();
      return { kind: 'completed', report };
    },
  };
}

type Handle = ReturnType<Context['client']['workflow']['getHandle']>;

async function describe(handle: Handle) {
  try {
    return await handle.describe();
  } catch (error) {
    if (error instanceof Error && error.name === 'WorkflowNotFoundError') return undefined;
    throw error;
  }
}
