import type { PlanFacts, Step } from './plan.ts';
import type { ReleaseSpec } from './release-spec.ts';

export interface StepLength {
  /** That it takes this long is certain; what is only carried out counts 0. */
  readonly forMs: number;
  /** Is there where it may take longer, and only so much. */
  readonly limitMs: number | undefined;
}

/** How long a step lasts by its plan. */
export function stepLength(
  step: Step,
  { health, warmup, validation, abTest }: ReleaseSpec,
  { fast }: Pick<PlanFacts, 'fast'>,
): StepLength {
  switch (step.kind) {
    case 'prove': {
      const forMs = fast ? 0 : warmup.durationMs;
      return { forMs, limitMs: health.deadlineMs + forMs };
    }
    case 'validate': {
      const { windowMs, noDataBudgetMs } = validation;
      return { forMs: windowMs, limitMs: windowMs + noDataBudgetMs };
    }
    case 'hook': {
      const { attempts, timeoutMs } = step.hook.call;
      return { forMs: 0, limitMs: attempts * timeoutMs };
    }
    case 'gate':
      return { forMs: 0, limitMs: step.gate.timeoutMs };
    case 'compare':
      return {
        forMs: Math.min(abTest?.minDurationMs ?? step.forMs, step.forMs),
        limitMs: step.forMs,
      };
    case 'weight':
    case 'stay':
    case 'mirror':
    case 'batch':
    case 'keep':
      return { forMs: step.forMs, limitMs: undefined };
    case 'deploy':
    case 'scale':
    case 'match':
    case 'affinity':
    case 'promote':
    case 'retire':
      return { forMs: 0, limitMs: undefined };
    default:
      return step satisfies never;
  }
}
