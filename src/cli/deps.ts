import type { BelayClient } from '../client/client.ts';

/** What the commands need from outside; tests give their own. */
export interface CliDeps {
  connect(): Promise<BelayClient>;
  /** The user who asks, unless `--who` says otherwise. */
  readonly user: string;
  readonly cwd: string;
  readonly isTty: boolean;
  readonly colors: boolean;
  out(text: string): void;
  err(text: string): void;
  now(): number;
  pause(ms: number): Promise<void>;
  readFile(path: string): string;
}
