import type { BelayClient } from '../../src/client/client.ts';
import type { CliDeps } from '../../src/cli/deps.ts';
import { runCli } from '../../src/cli/program.ts';
import { Failure } from '../../src/domain/failure.ts';

export const GOOD = `
service: shop
version: '2'
strategy: blue_green
environment: { kind: process, command: [./shop] }
traffic: { kind: embedded, control: 'http://127.0.0.1:7071', url: 'http://127.0.0.1:8080' }
`;

export interface World {
  readonly files?: Readonly<Record<string, string>>;
  /** None: there is no Temporal. */
  readonly client?: BelayClient;
  readonly nowMs?: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** The standard input. */
  readonly input?: string;
  /** How many columns the terminal has. */
  readonly terminal?: number;
}

/** Runs a command line as `ann` in `/srv`, and gives back what it printed. */
export async function run(args: readonly string[], world: World = {}) {
  const { files = {}, client, nowMs = 0, environment = {}, input, terminal } = world;
  let out = '';
  let err = '';
  let connected = 0;
  const written: Record<string, string> = {};
  const deps: CliDeps = {
    connect: async () => {
      connected += 1;
      if (client !== undefined) return client;
      throw new Failure('TemporalUnreachable', 'Temporal at nowhere:7233');
    },
    user: 'ann',
    cwd: '/srv',
    variable: (name) => environment[name],
    isTty: false,
    colors: false,
    columns: terminal,
    out: (text) => (out += text),
    err: (text) => (err += text),
    now: () => nowMs,
    pause: async () => undefined,
    readFile: (path) => {
      const text = files[path];
      if (text === undefined) throw new Error(`ENOENT ${path}`);
      return text;
    },
    readInput: async () => {
      if (input === undefined) throw new Error('there is no input');
      return input;
    },
    writeNewFile: (path, text) => {
      if (Object.hasOwn(files, path)) throw new Error(`EEXIST ${path}`);
      written[path] = text;
    },
  };
  const code = await runCli(args, deps);
  return { code, out, err, connected, written };
}

/** A Temporal that answers what it is told to, and keeps what it was asked. */
export function createFakeClient(answers: Partial<BelayClient> = {}) {
  const calls: { readonly name: string; readonly args: readonly unknown[] }[] = [];
  const kept = <Args extends readonly unknown[], Answer>(
    name: string,
    answer: ((...args: Args) => Promise<Answer>) | undefined,
  ) => {
    return async (...args: Args): Promise<Answer> => {
      calls.push({ name, args });
      if (answer !== undefined) return answer(...args);
      throw new Failure('NotFound', `nobody answers ${name}`);
    };
  };
  const client: BelayClient = {
    deploy: kept('deploy', answers.deploy),
    awaitTurn: kept('awaitTurn', answers.awaitTurn),
    cancel: kept('cancel', answers.cancel),
    rollback: kept('rollback', answers.rollback),
    steer: kept('steer', answers.steer),
    pause: kept('pause', answers.pause),
    resume: kept('resume', answers.resume),
    promote: kept('promote', answers.promote),
    promoteFull: kept('promoteFull', answers.promoteFull),
    stepBack: kept('stepBack', answers.stepBack),
    retry: kept('retry', answers.retry),
    abort: kept('abort', answers.abort),
    approve: kept('approve', answers.approve),
    reject: kept('reject', answers.reject),
    extend: kept('extend', answers.extend),
    incidents: answers.incidents ?? NO_INCIDENTS,
    alerts: answers.alerts ?? NO_ALERTS,
    progress: kept('progress', answers.progress),
    history: kept('history', answers.history),
    services: kept('services', answers.services),
    result: kept('result', answers.result),
    untilFree: async () => undefined,
    close: async () => undefined,
  };
  return { client, calls };
}

const nobody = async (): Promise<never> => {
  throw new Failure('NotFound', 'there are no incidents and no alerts here');
};
const NO_INCIDENTS: BelayClient['incidents'] = {
  ...{ open: nobody, acknowledge: nobody, answer: nobody, steer: nobody },
  ...{ show: nobody, result: nobody, list: nobody, report: nobody },
  idOf: (key) => `incident/${key}`,
};
const NO_ALERTS: BelayClient['alerts'] = {
  ...{ post: nobody, beat: nobody, configure: nobody, show: nobody },
  ...{ shards: nobody, silence: nobody, expire: nobody },
};
