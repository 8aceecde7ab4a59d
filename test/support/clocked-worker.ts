import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';
import { WORKFLOW_INTERCEPTORS } from '../../src/worker/workflow-files.ts';
import { quietRuntime } from './quiet-runtime.ts';

/** `clocked-worker.ts ADDRESS TASK_QUEUE`: a process to be killed. */
const [address = '', taskQueue = ''] = process.argv.slice(2);
quietRuntime();
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address }),
  taskQueue,
  workflowsPath: fileURLToPath(new URL('./clocked-workflows.ts', import.meta.url)),
  interceptors: { workflowModules: WORKFLOW_INTERCEPTORS },
  stickyQueueScheduleToStartTimeout: '1s',
});
process.stdout.write('ready\n');
await worker.run();
