import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BalancerKind } from '../../src/dev/balancer.ts';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import { TEST_MARK, markedProcesses } from '../support/marked-processes.ts';
import { SERVICE, type TestStack, environmentOf, startTestStack } from '../support/stack.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { type TemporalProcess, temporalProcess } from './temporal-process.ts';
import { type Wire, startCable } from './wire.ts';

/** A real stack, and whatever can strike it or be seen without it. */
export interface Scene {
  readonly stack: TestStack;
  readonly temporal: TemporalProcess;
  readonly receiver: Receiver;
  readonly wire: Wire;
  /** The way to the balancer that can be struck. */
  readonly traffic: ReleaseDocument['traffic'];
  readonly mark: string;
  readonly starts: string;
  readonly environment: ProcessBlock;
  close(): Promise<void>;
}

type ProcessBlock = Extract<ReleaseDocument['environment'], { kind: 'process' }>;

export interface SceneOptions {
  readonly workflowBundle: string;
  /** Of this scene alone: scenes of one machine know nothing of each other. */
  readonly name: string;
  readonly ports: { readonly from: number; readonly to: number };
}

const signal = new AbortController().signal;

export async function openScene(kind: BalancerKind, options: SceneOptions): Promise<Scene> {
  const { workflowBundle, name, ports } = options;
  const stack = await startTestStack(kind, { workflowBundle });
  const temporal = temporalProcess(stack.temporal.address);
  const receiver = await startReceiver();
  const cable = await startCable(stack);
  const mark = `chaos-${process.pid}-${name}`;
  const starts = join(stack.folder, 'starts.txt');
  writeFileSync(starts, '');
  return {
    stack,
    temporal,
    receiver,
    ...cable,
    mark,
    starts,
    environment: marked(mark, starts, ports),
    async close() {
      await cable.wire.close();
      await receiver.close();
      await stack.close().catch((error: unknown) => {
        // The test environment does not know the server that took the place of its own.
        process.stderr.write(`${name}: ${String(error)}\n`);
      });
      await temporal.close();
    },
  };
}

/** What the drivers have logged, and what can be seen without them. */
export async function worldOf({ stack, receiver, mark, starts }: Scene) {
  const [writes, processes, state] = await Promise.all([
    stack.router.effects(SERVICE, signal),
    stack.environment.effects(SERVICE),
    stack.router.read(SERVICE, signal),
  ]);
  return {
    writes: writes.map(({ key }) => key),
    processes: processes.map(({ key }) => key),
    messages: [...receiver.keys],
    starts: linesOf(starts),
    running: markedProcesses(mark).length,
    serves: state.routes.map((route) => `${route.version} ${route.weightPercent}`),
  };
}

/** Instances that write a line as they begin, and that can be found without the driver. */
function marked(mark: string, starts: string, ports: SceneOptions['ports']): ProcessBlock {
  const environment = environmentOf({ [TEST_MARK]: mark });
  if (environment.kind !== 'process') throw new Error('instances are processes here');
  const script = `echo "$BELAY_VERSION" >> "${starts}"; exec "$@"`;
  return {
    ...environment,
    ports,
    command: ['/bin/sh', '-c', script, 'sh', ...environment.command],
  };
}

export function withFault(environment: ProcessBlock, fault: string): ProcessBlock {
  return { ...environment, env: { ...environment.env, FAULT: fault } };
}

export function linesOf(file: string): readonly string[] {
  return readFileSync(file, 'utf8').split('\n').slice(0, -1);
}

export function range(count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => String(at + 1));
}
