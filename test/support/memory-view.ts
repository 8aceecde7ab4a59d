import type { RunId, TemporalView } from '../../src/client/temporal-view.ts';
import { Failure } from '../../src/domain/failure.ts';
import type { RunStanding, RunTimer } from '../../src/domain/watchdog/run-problems.ts';

/** A Temporal in memory, as it is seen from outside. */
export interface MemoryView extends TemporalView {
  /** Running workflows, newest first. */
  runs: readonly { readonly standing: RunStanding; readonly timers: readonly RunTimer[] }[];
  /** By queue and kind: when a worker last asked. */
  asked: Readonly<Record<string, number>>;
  /** Calls of this name fail. */
  broken: string | undefined;
  /** Every call, as `standing a`. */
  readonly calls: string[];
}

export function createMemoryView(): MemoryView {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const idOf = ({ standing }: MemoryView['runs'][number]): RunId => ({
    workflowId: standing.workflowId,
    runId: `run-${standing.workflowId}`,
  });
  function call(name: string, about = ''): void {
    view.calls.push(`${name} ${about}`.trim());
    if (view.broken === name) throw new Failure('TemporalUnreachable', `${name}: it is broken`);
  }
  const find = ({ workflowId }: RunId) =>
    view.runs.find(({ standing }) => standing.workflowId === workflowId);
  const view: MemoryView = {
    ...{ address: 'memory:7233', namespace: 'default' },
    ...{ runs: [], asked: {}, broken: undefined, calls: [] },
    async lastAsked(queue, kind) {
      call('lastAsked', `${queue} ${kind}`);
      return view.asked[`${queue} ${kind}`] ?? 0;
    },
    async running(_queue, max, after) {
      call('running');
      const from = after === undefined ? 0 : Number(decoder.decode(after));
      const isLast = from + max >= view.runs.length;
      return {
        runs: view.runs.slice(from, from + max).map(idOf),
        next: isLast ? undefined : encoder.encode(String(from + max)),
      };
    },
    async reported() {
      call('reported');
      return [];
    },
    async standing(run) {
      call('standing', run.workflowId);
      return find(run)?.standing;
    },
    async openTimers(run) {
      call('openTimers', run.workflowId);
      return find(run)?.timers ?? [];
    },
    reconnect: () => call('reconnect'),
    close: async () => undefined,
  };
  return view;
}
