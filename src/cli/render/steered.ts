import type { Steered } from '../../client/client.ts';
import type { Verb } from '../../domain/release/progress.ts';

const DONE: Readonly<Record<Verb, string>> = {
  pause: 'it stays where it is; belay resume lets it go on',
  resume: 'it goes on',
  promote: 'it goes on to the next step',
  promote_full: 'it goes on to all of the traffic',
  step_back: 'it goes one step of traffic down and stays there; belay resume lets it go on',
  retry: 'the step is tried again',
  abort: 'it is being aborted',
  approve: 'the gate is open',
  reject: 'the gate is closed: it goes back',
  extend: 'the step lasts longer',
};

/** What a verb met, and what follows from it. */
export function renderSteered(service: string, verb: Verb, { phase, step }: Steered): string {
  const where = step === undefined ? phase : `${phase}, at ${step}`;
  return `${service} was ${where}: ${DONE[verb]}\n`;
}
