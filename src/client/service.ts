import { type Client, WithStartWorkflowOperation } from '@temporalio/client';
import type { Accepted, DeployCommand } from '../domain/release/commands.ts';
import { serviceWorkflowId } from '../domain/release/names.ts';
import { newService } from '../domain/release/service-state.ts';
import {
  answerQuery,
  cancelUpdate,
  deployUpdate,
  rollbackUpdate,
  stateQuery,
} from '../workflows/messages.ts';
import { SERVICE } from '../workflows/search-attributes.ts';
import type { Caller } from './caller.ts';
import type { BelayClient } from './client.ts';
import { asked, specOf, updateIdOf } from './request.ts';
import { awaitBegun } from './turn.ts';

type ServiceCalls = Pick<
  BelayClient,
  'deploy' | 'awaitTurn' | 'cancel' | 'rollback' | 'history' | 'services'
>;

/** What is asked of the owner of a service. */
export function askService(temporal: Client, { call }: Caller, taskQueue: string): ServiceCalls {
  const owner = (service: string) => temporal.workflow.getHandle(serviceWorkflowId(service));
  const history: BelayClient['history'] = (service) =>
    call(service, () => owner(service).query(stateQuery));
  const answerTo = (service: string, requestId: string): Promise<Accepted | null> =>
    call(service, () => owner(service).query(answerQuery, requestId));

  return {
    async deploy(request) {
      const spec = specOf(request.release);
      const { overrideFreeze } = request;
      const command: DeployCommand = {
        ...asked(request),
        spec,
        ...(overrideFreeze === undefined ? {} : { overrideFreeze }),
      };
      const accepted = await call(spec.service, () =>
        temporal.workflow.executeUpdateWithStart(deployUpdate, {
          startWorkflowOperation: startService(spec.service, taskQueue),
          updateId: command.requestId,
          args: [command],
        }),
      );
      // Temporal repeats its first answer to a repeated request; what has become of it is asked.
      if (accepted.kind !== 'queued') return accepted;
      return (await answerTo(spec.service, command.requestId)) ?? accepted;
    },

    awaitTurn: (service, requestId) =>
      awaitBegun(() => answerTo(service, requestId), { service, requestId }),

    cancel: async (service, queuedRequestId, request) => {
      const command = { ...asked(request), queuedRequestId };
      return call(service, () =>
        owner(service).executeUpdate(cancelUpdate, {
          updateId: updateIdOf('cancel', command),
          args: [command],
        }),
      );
    },

    async rollback(service, request) {
      const command = { ...asked(request), toVersion: request.toVersion };
      return call(service, () =>
        owner(service).executeUpdate(rollbackUpdate, {
          updateId: updateIdOf('rollback', command),
          args: [command],
        }),
      );
    },

    history,

    async services() {
      return call('the list of services', async () => {
        const names: string[] = [];
        const query = "WorkflowType = 'service' AND ExecutionStatus = 'Running'";
        for await (const workflow of temporal.workflow.list({ query })) {
          names.push(workflow.workflowId.replace(/^service\//, ''));
        }
        return names.toSorted();
      });
    },
  };
}

function startService(service: string, taskQueue: string) {
  return new WithStartWorkflowOperation('service', {
    workflowId: serviceWorkflowId(service),
    taskQueue,
    args: [newService(service)],
    workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: `Owner of ${service}: what is stable, what came before`,
    typedSearchAttributes: [{ key: SERVICE, value: service }],
  });
}
