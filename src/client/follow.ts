import { setTimeout as wait } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { Failure } from '../domain/failure.ts';
import type { Progress, RunReport } from '../domain/release/progress.ts';
import { progressQuery } from '../workflows/messages.ts';
import { ANSWER_WITHIN_MS, type Caller } from './caller.ts';
import type { BelayClient } from './client.ts';

const FREE_ASK_EVERY_MS = 100;
const SILENT: ReadonlySet<string> = new Set(['NoWorker', 'TemporalUnreachable']);

/** How runs stand, and how they ended. */
export function followRuns(
  temporal: Client,
  caller: Caller,
  history: BelayClient['history'],
): Pick<BelayClient, 'progress' | 'result' | 'untilFree'> {
  async function progressOf(workflowId: string): Promise<Progress> {
    return caller.call(workflowId, () =>
      temporal.workflow.getHandle(workflowId).query(progressQuery),
    );
  }

  /** The rollback is a run of its own; who follows the release wants to see what it does. */
  async function withRollback(progress: Progress): Promise<Progress> {
    const { rolledBackBy } = progress;
    if (rolledBackBy === undefined) return progress;
    // It may not have begun: then the release says all there is.
    const back = await progressOf(rolledBackBy).catch(() => undefined);
    if (back === undefined) return progress;
    return {
      ...progress,
      weights: progress.phase === 'rolling_back' ? back.weights : progress.weights,
      incident: progress.incident ?? back.incident,
      warnings: [...progress.warnings, ...back.warnings],
      timeline: [...progress.timeline, ...back.timeline.filter(({ phase }) => phase !== 'ended')]
        // The order of entries of one moment stays as it is.
        .toSorted((a, b) => a.atMs - b.atMs),
    };
  }

  async function latestRun(service: string): Promise<string> {
    const { active, runs } = await history(service);
    const latest = active ?? runs[0];
    if (latest !== undefined) return latest.workflowId;
    throw new Failure('NotFound', `${service} has not been released yet`);
  }

  /** The service learns of the end a moment later; who asks in between would be refused. */
  async function untilFree(workflowId: string): Promise<void> {
    const service = workflowId.split('/')[1] ?? '';
    for (const untilMs = Date.now() + ANSWER_WITHIN_MS; Date.now() < untilMs;) {
      const { active } = await history(service);
      if (active?.workflowId !== workflowId) return;
      await wait(FREE_ASK_EVERY_MS);
    }
  }

  return {
    async progress(serviceOrWorkflowId) {
      const workflowId = serviceOrWorkflowId.includes('/')
        ? serviceOrWorkflowId
        : await latestRun(serviceOrWorkflowId);
      return withRollback(await progressOf(workflowId));
    },

    async result(workflowId) {
      const handle = temporal.workflow.getHandle<() => Promise<RunReport>>(workflowId);
      const report = await caller.wait(workflowId, () => handle.result());
      await untilFree(workflowId).catch((error: unknown) => {
        // How it ended is known: that its owner does not answer now takes nothing from that.
        if (!(error instanceof Failure) || !SILENT.has(error.code)) throw error;
      });
      return report;
    },

    untilFree,
  };
}
