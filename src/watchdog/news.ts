import type { OpenAlarm } from '../domain/watchdog/alarms.ts';
import type { Observation } from '../domain/watchdog/observation.ts';
import type { ChannelState } from './channel-states.ts';

/** Writes one line of the log. */
export type Tell = (level: 'info' | 'error', line: object) => void;

export interface Seen {
  readonly observations: readonly Observation[];
  readonly open: readonly OpenAlarm[];
  readonly channels: readonly ChannelState[];
}

/** Says what is new since the last round, and nothing twice. */
export function createNews(tell: Tell): (seen: Seen) => void {
  let said = '[[],[],[]]';
  return ({ observations, open, channels }) => {
    const found = observations.filter(({ state }) => state !== 'good');
    const down = channels.filter(({ isUp }) => !isUp);
    const now = JSON.stringify([
      found.map(({ condition, queue, state }) => [condition, queue, state]),
      open.map(({ key, round }) => [key, round]),
      down,
    ]);
    if (now === said) return;
    said = now;
    if (found.length + open.length + down.length === 0) tell('info', { well: 'all is well' });
    for (const one of found) tell('info', { found: one });
    for (const { key, round, text } of open) tell('error', { alarm: key, round, text });
    for (const { name, text } of down) tell('error', { channel: name, why: text });
    if (down.length === channels.length) {
      tell('error', { problem: 'no channel of last_resort can be reached: nobody can be told' });
    }
  };
}
