import { Client, Connection } from '@temporalio/client';
import { inParallel } from '../incidents/measure.ts';

/** As many as Belay has shards, each signalled by one at a time, with as many alerts of a request. */
const WORKFLOWS = 16;
const ALERTS = 4;

/** Signals a second that the server takes, to workflows of which no worker does anything. */
export async function measureBareSignals(address: string, count: number): Promise<number> {
  const connection = await Connection.connect({ address });
  try {
    const { workflow } = new Client({ connection });
    const handles = await Promise.all(
      Array.from({ length: WORKFLOWS }, (_, at) =>
        workflow.start('bare', { workflowId: `bare/${at}`, taskQueue: 'nobody', args: [] }),
      ),
    );
    const text = 'x'.repeat(250);
    const batch = Array.from({ length: ALERTS }, (_, at) => ({ at, text }));
    const from = performance.now();
    await Promise.all(
      handles.map((handle) =>
        inParallel(Math.ceil(count / WORKFLOWS), 1, () => handle.signal('alerts', batch)),
      ),
    );
    const tookMs = performance.now() - from;
    await Promise.all(handles.map((handle) => handle.terminate()));
    return (Math.ceil(count / WORKFLOWS) * WORKFLOWS * 1000) / tookMs;
  } finally {
    await connection.close();
  }
}
