import { parseArgs } from 'node:util';
import { hostAndPort } from '../router/main.ts';
import { startTap } from './tap.ts';

/** `belay tap --listen HOST:PORT --control HOST:PORT --state FOLDER` */
export async function runTap(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      listen: { type: 'string', default: '127.0.0.1:7072' },
      control: { type: 'string', default: '127.0.0.1:7073' },
      state: { type: 'string', default: '.belay/tap' },
    },
  });
  const tap = await startTap({
    listen: hostAndPort(values.listen),
    control: hostAndPort(values.control),
    stateDir: values.state,
  });
  process.stdout.write(`${JSON.stringify({ listen: tap.listen, control: tap.control })}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void tap.close().then(() => process.exit(0)));
  }
}

if (import.meta.main) await runTap(process.argv.slice(2));
