import { parseArgs } from 'node:util';
import { startRouter } from './router.ts';

/** `node src/router/main.ts --listen HOST:PORT --control HOST:PORT --state FOLDER` */
export async function runRouter(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      listen: { type: 'string', default: '127.0.0.1:8080' },
      control: { type: 'string', default: '127.0.0.1:7071' },
      state: { type: 'string', default: '.belay/router' },
    },
  });
  const router = await startRouter({
    listen: hostAndPort(values.listen),
    control: hostAndPort(values.control),
    stateDir: values.state,
  });
  process.stdout.write(`${JSON.stringify({ url: router.url, control: router.control })}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void router.close().then(() => process.exit(0)));
  }
}

/** `127.0.0.1:8080` or `:8080`, which means every address. */
export function hostAndPort(text: string): { readonly host: string; readonly port: number } {
  const [, host, port] = /^(.*):(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined) throw new Error(`"${text}" is not host:port`);
  return { host: host === undefined || host === '' ? '0.0.0.0' : host, port: Number(port) };
}

if (import.meta.main) await runRouter(process.argv.slice(2));
