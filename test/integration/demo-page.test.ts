import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Child, scriptPath, startChild } from '../../src/dev/children.ts';
import { poll } from '../support/poll.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** It takes half of them on a machine that does nothing else. */
const PRINTED_WITHIN_MS = 150_000;
const ENDED_WITHIN_MS = 90_000;

let folder: string;
let demo: Child | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-demo-test-'));
});
afterEach(async () => {
  await demo?.stop();
  rmSync(folder, { recursive: true });
});

test(
  'the page demo ends well when the command that it prints is run in another terminal',
  async () => {
    const log = join(folder, 'demo.log');
    demo = await startChild({
      command: process.execPath,
      args: [scriptPath('../../src/dev/demo', import.meta.url), '--json'],
      env: { ...process.env, SCENARIO: 'page' },
      log,
    });
    const printed = (): string => readFileSync(log, 'utf8');
    const command = await poll(
      PRINTED_WITHIN_MS,
      async () => /^ +(TEMPORAL_ADDRESS=.* incident ack .*)$/m.exec(printed())?.[1],
    );
    expect(await typed(command)).toContain('it is yours');
    await poll(ENDED_WITHIN_MS, async () => /^\{"scenario".*\}$/m.exec(printed())?.[0]);
    await demo.exited;
    expect(printed()).toContain('somebody has answered from another terminal');
    expect(printed()).not.toMatch(/^ +NO /m);
    const [result = ''] = /^\{"scenario".*\}$/m.exec(printed()) ?? [];
    expect(JSON.parse(result)).toMatchObject({
      ...{ outcome: 'rolled_back', acknowledgedBy: 'you', pagesAfterAck: 0, isAsPromised: true },
    });
  },
  PRINTED_WITHIN_MS + ENDED_WITHIN_MS,
);

/** By a shell, as a person does it; `process.env` has no more than a terminal would. */
async function typed(command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('/bin/sh', ['-c', command], { cwd: ROOT }, (error, out, problems) => {
      if (error === null) resolve(out);
      else reject(new Error(`${command}: ${error.message}\n${problems}`));
    });
  });
}
