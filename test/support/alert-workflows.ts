import {
  ParentClosePolicy,
  condition,
  setHandler,
  startChild,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import type { Configuration } from '../../src/domain/alerting/alerting-file.ts';
import { type Silence, expired } from '../../src/domain/alerting/silence.ts';
import {
  type AlertingInput,
  type AlertsInput,
  alertingQuery,
  alertsSignal,
  configureUpdate,
  expireUpdate,
  groupsQuery,
  reviveUpdate,
  roomQuery,
  shardId,
  silenceUpdate,
} from '../../src/workflows/alert-messages.ts';

/**
 * Takes what is said to the coordinator and to shards, and pages nobody: for tests of the way there.
 * Of a shard, `alerts` counts all that it was ever sent.
 */
export async function alerting({ shards }: AlertingInput): Promise<void> {
  let configuration: Configuration | null = null;
  let version = 0;
  const silences = new Map<string, Silence>();
  const begin = async (shard: number, from: Configuration): Promise<readonly number[]> => {
    const input: AlertsInput = {
      ...{ schemaVersion: 1, shard, shards, version, configuration: from, silences: [] },
    };
    const started = startChild('alerts', {
      workflowId: shardId(shard),
      args: [input],
      parentClosePolicy: ParentClosePolicy.ABANDON,
    });
    return started.then(
      () => [shard],
      () => [],
    );
  };
  const beginAll = async (from: Configuration): Promise<readonly number[]> => {
    const begun: number[] = [];
    for (let shard = 0; shard < shards; shard += 1) begun.push(...(await begin(shard, from)));
    return begun;
  };
  setHandler(alertingQuery, () => ({
    ...{ shards, version, configuration, configuredBy: null, silences: [...silences.values()] },
  }));
  setHandler(configureUpdate, async (command) => {
    version += 1;
    await beginAll(command.configuration);
    configuration = command.configuration;
    return { version };
  });
  setHandler(reviveUpdate, async () => {
    return { begun: configuration === null ? [] : await beginAll(configuration) };
  });
  setHandler(silenceUpdate, ({ silence }) => {
    const made = { ...silence, id: silence.id ?? uuid4(), updatedAtMs: Date.now() };
    silences.set(made.id, made);
    return made;
  });
  setHandler(expireUpdate, ({ silenceId }) => {
    const found = silences.get(silenceId);
    if (found === undefined) throw new Error(`there is no ${silenceId}`);
    silences.set(silenceId, expired(found, Date.now()));
    return expired(found, Date.now());
  });
  await condition(() => false);
}

export async function alerts({ shard, shards, version }: AlertsInput): Promise<void> {
  let count = 0;
  setHandler(alertsSignal, ({ alerts: batch }) => {
    count += batch.length;
  });
  setHandler(roomQuery, () => ({ version, bytesLeft: 100_000 }));
  setHandler(groupsQuery, () => ({
    ...{ shard, shards, version, bytes: workflowInfo().historyLength, bytesLimit: 1_000_000 },
    ...{ alerts: count, firing: count, groups: [], moreGroups: 0, ledger: [], ledgerDropped: 0 },
    ...{ refused: 0, lastRefused: [], warnings: [] },
  }));
  await condition(() => false);
}
