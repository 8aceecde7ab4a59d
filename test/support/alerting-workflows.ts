import { condition, defineQuery, setHandler } from '@temporalio/workflow';
import type { ActiveRun } from '../../src/domain/release/service-state.ts';
import {
  type ExpireCommand,
  type OwnSilence,
  expireSignal,
  silenceSignal,
} from '../../src/workflows/alert-messages.ts';
import { liftOfLost } from '../../src/workflows/silence-alerts.ts';

/** What releases say to the coordinator of alerts, without one. */

export type Said =
  | { readonly kind: 'silence'; readonly atMs: number; readonly command: OwnSilence }
  | { readonly kind: 'expire'; readonly atMs: number; readonly command: ExpireCommand };

export const saidQuery = defineQuery<readonly Said[]>('said');

export async function listening(): Promise<void> {
  const said: Said[] = [];
  setHandler(saidQuery, () => said);
  setHandler(silenceSignal, (command) => {
    said.push({ kind: 'silence', atMs: Date.now(), command });
  });
  setHandler(expireSignal, (command) => {
    said.push({ kind: 'expire', atMs: Date.now(), command });
  });
  await condition(() => false);
}

/** The owner of a service that has found a run lost; answers whether there was anything to say. */
export async function finding(run: ActiveRun): Promise<boolean> {
  const lifted = liftOfLost(run);
  await lifted;
  return lifted !== undefined;
}
