import type { WorkflowInterceptors } from '@temporalio/workflow';

/**
 * In skipped time an activity that sleeps would miss its heartbeats: their timeout becomes longer
 * than anything that is waited for, so that a history still shows which activities beat.
 */
export const interceptors = (): WorkflowInterceptors => ({
  outbound: [
    {
      scheduleActivity({ options, ...input }, next) {
        const { heartbeatTimeout } = options;
        const longer = heartbeatTimeout === undefined ? {} : { heartbeatTimeout: '3650d' as const };
        return next({ ...input, options: { ...options, ...longer } });
      },
    },
  ],
});
