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
  // Stack traces name files of the project, not of the machine.
  writeFileSync(`${FOLDER}/${name}.json`, text.replaceAll(`${process.cwd()}/`, ''));
}
