import type { Command } from 'commander';
import type { BelayClient } from '../../client/client.ts';
import type { CliDeps } from '../deps.ts';
import { jsonText } from '../render/json-text.ts';

/** Adds one command to the program; `exit` takes the status with which the program ends. */
export type AddCommand = (program: Command, deps: CliDeps, exit: (code: number) => void) => void;

/** A client for one command, closed whatever happens. */
export async function withClient<T>(
  deps: CliDeps,
  work: (client: BelayClient) => Promise<T>,
): Promise<T> {
  const client = await deps.connect();
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

export function printJson(deps: CliDeps, value: unknown): void {
  deps.out(`${jsonText(value, 2)}\n`);
}

export const example = (line: string): string => `\nExample:\n  $ ${line}\n`;
