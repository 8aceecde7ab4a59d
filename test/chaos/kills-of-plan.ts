import type { Step } from '../../src/domain/release/plan.ts';
import type { Event } from './strategy-case.ts';
import type { Fate } from './wire.ts';

const FATES: readonly Fate[] = ['lost', 'unanswered', 'late'];

/** A kill as soon as the release stands at each step of its plan; gates are answered. */
export function atEachStep(plan: readonly Step[]): readonly Event[] {
  return plan.flatMap((step): readonly Event[] => [
    { kill: { step: step.name } },
    ...(isPersons(step) ? ([{ ask: 'approve' }] as const) : []),
  ]);
}

/**
 * A kill in the middle of each step that has one: while instances start or are proved, on both
 * sides of a write in turn, and half way through a wait.
 */
export function amidEachStep(plan: readonly Step[], stable: string): readonly Event[] {
  let writes = 0;
  const struck = (write: string): Event => {
    const fate = FATES[writes % FATES.length] ?? 'lost';
    writes += 1;
    return { kill: { write, fate } };
  };
  return plan.flatMap((step): readonly Event[] => {
    const { name } = step;
    switch (step.kind) {
      case 'deploy':
        return [{ kill: { started: 'instance' } }];
      case 'scale':
        return [{ kill: { started: 'instance' } }, { kill: { step: name, afterMs: 500 } }];
      case 'prove':
      case 'keep':
      case 'stay':
        return [{ kill: { step: name, afterMs: 700 } }];
      case 'validate':
      case 'compare':
        return [{ kill: { step: name, afterMs: 1500 } }];
      case 'match':
        return [struck(name)];
      case 'mirror':
        return [struck(name), { kill: { step: name, afterMs: 1000 } }];
      case 'weight': {
        const { weightPercent, phase, forMs } = step;
        const isSwitch = weightPercent === 100 && phase === 'switching';
        const write = struck(isSwitch ? 'switch' : `weight-${weightPercent}`);
        if (forMs === 0) return [write];
        return [write, { kill: { weight: weightPercent, afterMs: 800 } }];
      }
      case 'batch':
        return [
          struck(`${name}/take-out`),
          { kill: { started: 'instance' } },
          struck(`${name}/put-in`),
        ];
      case 'gate':
        return [
          { kill: { step: name, afterMs: 1000 } },
          ...(isPersons(step) ? ([{ ask: 'approve' }] as const) : []),
        ];
      case 'hook':
        return [{ kill: { received: 'message' } }];
      case 'retire': {
        const isRolling = plan.some(({ kind }) => kind === 'batch');
        return isRolling ? [{ kill: { received: 'message' } }] : [struck(`unregister-${stable}`)];
      }
      case 'affinity':
      case 'promote':
        return [];
      default:
        return step satisfies never;
    }
  });
}

function isPersons(step: Step): boolean {
  return step.kind === 'gate' && step.gate.kind === 'person';
}
