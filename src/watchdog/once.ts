import type { Watching } from '../domain/watchdog/alarm-page.ts';
import type { Observation } from '../domain/watchdog/observation.ts';
import type { Look } from './look.ts';
import type { ChannelState } from './channel-states.ts';
import type { Pager } from './pager.ts';

/** What one look has found. */
export interface OnceReport {
  /** Every observation is good, and where there are channels, one of them takes pages. */
  readonly ok: boolean;
  readonly temporal: string;
  readonly namespace: string;
  readonly observations: readonly Observation[];
  /** Of `last_resort`; `undefined`: there is no paging file. */
  readonly channels: readonly ChannelState[] | undefined;
}

/** One look at everything, without waiting whether it lasts. Pages nobody. */
export async function lookOnce(
  { address: temporal, namespace }: Watching,
  look: Pick<Look, 'round'>,
  pager: Pick<Pager, 'check' | 'channels'> | undefined,
  nowMs: number,
): Promise<OnceReport> {
  const [observations] = await Promise.all([look.round(nowMs), pager?.check()]);
  const channels = pager?.channels();
  const ok =
    observations.every(({ state }) => state === 'good') &&
    (channels === undefined || channels.some(({ isUp }) => isUp));
  return { ok, temporal, namespace, observations, channels };
}
