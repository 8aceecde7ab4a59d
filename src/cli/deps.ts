import type { BelayClient } from '../client/client.ts';

/** What the commands need from outside; tests give their own. */
export interface CliDeps {
  connect(): Promise<BelayClient>;
  /** The user who asks, unless `--who` says otherwise. */
  readonly user: string;
  readonly cwd: string;
  /** A variable of the environment: where the paging file is, and the secrets that it names. */
  variable(name: string): string | undefined;
  readonly isTty: boolean;
  readonly colors: boolean;
  /** Of the terminal, where there is one. */
  readonly columns: number | undefined;
  out(text: string): void;
  err(text: string): void;
  now(): number;
  pause(ms: number): Promise<void>;
  /** With `maxBytes` a longer file is refused, and never read as a whole. */
  readFile(path: string, maxBytes?: number): string;
  /** All of the standard input; more than `maxBytes` is refused. */
  readInput(maxBytes: number): Promise<string>;
  /** Throws where there is such a file already. */
  writeNewFile(path: string, text: string): void;
}
