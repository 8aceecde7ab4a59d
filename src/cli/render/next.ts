import type { Progress, Verb } from '../../domain/release/progress.ts';
import { columns } from './style.ts';
import { helpfulVerbs } from './waiting.ts';

const WHAT_IT_DOES: Readonly<Record<Verb, string>> = {
  pause: 'stays at this step; watching goes on',
  resume: 'goes on',
  promote: 'goes on at once; where it is held, keeps the candidate',
  promote_full: 'goes on to all of the traffic at once',
  step_back: 'one weight or batch down, and stays there',
  retry: 'tries the step that failed once more',
  abort: 'traffic back to what was stable, then the candidate is removed',
  approve: 'opens the gate',
  reject: 'closes the gate: it goes back',
  extend: 'makes a step last longer',
};

/** How a verb is said to this run. */
function commandOf(verb: Verb, { service, steps, at }: Progress): string {
  const step = steps[at]?.name ?? 'STEP';
  const say = (name: string, more = ''): string => `belay ${name} ${service}${more} --why "…"`;
  switch (verb) {
    case 'promote_full':
      return say('promote', ' --full');
    case 'approve':
    case 'reject':
      return say(verb, ` ${step}`);
    case 'extend': {
      const timed = steps.find(({ forMs = 0 }, index) => index >= at && forMs > 0);
      return say(verb, ` ${timed?.name ?? step} 10m`);
    }
    case 'step_back':
      return say('step-back');
    case 'pause':
    case 'resume':
    case 'promote':
    case 'retry':
    case 'abort':
      return say(verb);
    default:
      return verb satisfies never;
  }
}

/** What a person can do now, or what follows from the end. */
export function nextSteps(progress: Progress): readonly string[] {
  const verbs = helpfulVerbs(progress);
  if (verbs.length > 0) {
    const rows = verbs.map((verb) => [`  ${commandOf(verb, progress)}`, WHAT_IT_DOES[verb]]);
    return [columns(rows)];
  }
  return afterwards(progress);
}

function afterwards({ service, outcome, fallback, warnings, kind, why }: Progress) {
  switch (outcome) {
    case undefined:
      return warnings.length > 0
        ? ['  mend what the last warning names; Belay goes on by itself']
        : [`  nothing to do; belay status ${service} --watch follows it`];
    case 'succeeded':
      return fallback === undefined
        ? ['  nothing to do']
        : [`  nothing to do; belay rollback ${service} --why "…" goes back to ${fallback}`];
    case 'observed':
      return ['  nothing was moved; `mode: act` in the file lets the next release act'];
    case 'rollback_unverified':
      return [
        '  look at the version that serves now: Belay could not see that it is well',
        `  belay rollback ${service} --to VERSION --why "…"   goes to another version`,
      ];
    case 'failed':
    case 'rolled_back':
    case 'aborted':
      // A rollback shows how stable is now; what was wrong with the other version is its reason.
      return kind === 'rollback'
        ? [
            `  mend ${fallback ?? 'the version'} (${why}), then belay deploy it again`,
            `  belay history ${service}   names its release; belay explain RELEASE says why`,
          ]
        : ['  mend the version (reason and evidence are above), then belay deploy it again'];
    default:
      return outcome satisfies never;
  }
}
