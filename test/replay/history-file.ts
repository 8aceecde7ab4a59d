import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import proto, { type temporal } from '@temporalio/proto';

const { History } = proto.temporal.api.history.v1;
export type History = temporal.api.history.v1.IHistory;

const FOLDER = fileURLToPath(new URL('./histories', import.meta.url));

/** The committed histories by name, as they were recorded. */
export function readHistories(): readonly { readonly name: string; readonly history: History }[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json'))
    .toSorted()
    .map((file) => ({
      name: file.replace(/\.json$/, ''),
      history: History.fromObject(JSON.parse(readFileSync(`${FOLDER}/${file}`, 'utf8'))),
    }));
}

/** One event a line, so that a reviewer can read what a newer recording changes. */
export function writeHistory(name: string, history: History): void {
  const { events } = History.toObject(History.fromObject(history), {
    longs: String,
    bytes: String,
    enums: String,
  });
  const lines = (events as readonly unknown[]).map((event) => `    ${JSON.stringify(event)}`);
  const text = `{\n  "events": [\n${lines.join(',\n')}\n  ]\n}\n`;
  writeFileSync(`${FOLDER}/${name}.json`, withoutMachine(text));
}

/** Everything that the payloads of a history say, as text. */
export function payloadsOf(history: History): string {
  return JSON.stringify(
    History.toObject(History.fromObject(history), { bytes: String }),
  ).replaceAll(PAYLOAD, (_payload, data: string) => Buffer.from(data, 'base64').toString('utf8'));
}

const PAYLOAD = /(?<="data":")([A-Za-z0-9+/=]+)(?=")/g;

/** Programs, folders and workers are named as they are in the project, not as they were here. */
function withoutMachine(text: string): string {
  return text
    .replaceAll(PAYLOAD, (data) =>
      Buffer.from(withoutPlaces(Buffer.from(data, 'base64').toString('utf8'))).toString('base64'),
    )
    .replaceAll(`${process.cwd()}/`, '')
    .replaceAll(/"identity":"\d+@[^"]*"/g, '"identity":"worker"');
}

function withoutPlaces(text: string): string {
  return text
    .replaceAll(process.execPath, 'node')
    .replaceAll(/(?:\/[\w.@-]+)+(?=\/(?:src|node_modules)\/)/g, '/belay')
    .replaceAll(/(?:\/[\w.@-]+)+\/(?=belay-test-)/g, '/tmp/');
}
