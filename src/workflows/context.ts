import { CancellationScope, isCancellation, workflowInfo } from '@temporalio/workflow';
import type { Reading } from '../domain/judge/measurement.ts';
import { baselineShare } from '../domain/release/capacity.ts';
import { type Course, type Policy, newCourse, nextMove } from '../domain/release/course.ts';
import type { HookSpec } from '../domain/release/hook.schema.ts';
import type { AlphaLedger } from '../domain/judge/sequential/alpha-ledger.ts';
import { errorBudgetOf } from '../domain/release/error-budget.ts';
import { GENERATIONS_AN_EFFECT, effectKey, generationOf } from '../domain/release/names.ts';
import { planOf } from '../domain/release/plan.ts';
import { previewOf } from '../domain/release/preview.ts';
import type { DeployedVersion } from '../domain/release/progress.ts';
import { completedSpec } from '../domain/release/completed-spec.ts';
import { refuse, steer, thawedAt, verbsOf } from '../domain/release/steer.ts';
import { waitingOf } from '../domain/release/waiting.ts';
import type { ArmCounts, EffectId, Routes, SwitchRequest } from '../activities/requests.ts';
import { activitiesFor } from './activities.ts';
import type { ReleaseInput } from './inputs.ts';
import { openNotices } from './notices.ts';
import { openRun } from './run.ts';
import { openSilence } from './silence-alerts.ts';

export type Context = ReturnType<typeof openContext>;

/** Everything that one release knows of itself while it runs; the course is changed here alone. */
export function openContext(input: ReleaseInput) {
  const { number, stable } = input;
  const spec = completedSpec(input.spec);
  const { workflowId, taskQueue } = workflowInfo();
  const facts = {
    stableInstances:
      stable === null ? null : stable.instances.length || stable.spec.environment.instances,
    fast: input.fast === true,
  };
  const policy: Policy = { autoRollback: spec.autoRollback, hasFallback: stable !== null };
  let course: Course = newCourse(planOf(spec, facts), Date.now());
  let scope: CancellationScope | undefined;
  let staying: CancellationScope | undefined;
  const counts = new Map<string, number>();
  let effects = 0;

  function update(next: Course): void {
    course = next;
    staying?.cancel();
    // Whatever takes long is let go; what moves traffic is waited for.
    if (course.end !== null) scope?.cancel();
  }

  /** What is asked again has another key: its first answer must not be repeated to it. */
  function countedName(name: string): string {
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return count === 1 ? name : `${name}-${count}`;
  }

  const run = openRun(
    {
      kind: 'release',
      service: spec.service,
      number,
      version: spec.version,
      fallback: stable?.version,
      strategy: spec.strategy,
      who: input.who,
      why: input.why,
      preview: previewOf(spec),
    },
    'deploying',
    {
      verbs: () => verbsOf(thawedAt(course, Date.now()), policy),
      refuse: (verb, asked) =>
        refuse(
          thawedAt(course, Date.now()),
          verb,
          { ...asked, overrideFreeze: asked.overrideFreeze === true },
          policy,
        ),
      steer: (verb, asked) =>
        update(steer(thawedAt(course, Date.now()), verb, asked, Date.now(), policy)),
      cancel: (asked) => {
        if (refuse(course, 'abort', {}, policy) !== undefined && stable !== null) return;
        if (course.end !== null) return;
        update({ ...course, end: { cause: 'manual', reason: asked.why, asked } });
      },
      view: () => ({
        steps: course.plan.map((step) => ({
          name: step.name,
          kind: step.kind,
          phase: step.phase,
          ...('forMs' in step ? { forMs: step.forMs } : {}),
          ...weightOf(step),
        })),
        at: course.at,
        waiting: waitingOf(nextMove(course), course),
      }),
    },
  );
  const act = activitiesFor(spec, taskQueue);

  return {
    input,
    spec,
    run,
    act,
    policy,
    notices: openNotices(run, spec, act),
    silence: openSilence(run, spec, course.plan, facts),
    get course(): Course {
      return course;
    },
    update,
    /** Ends with the next change of the course: nothing of a stay outlasts it. */
    openStay(): CancellationScope {
      staying = new CancellationScope();
      return staying;
    },
    /** The candidate and stable as they run now; rolling updates change both. */
    candidate: { version: spec.version, spec, instances: [] } as DeployedVersion,
    stable: stable as DeployedVersion | null,
    baseline: null as DeployedVersion | null,
    /** Stable's own figures from before, against which a rollback is verified. */
    before: null as Reading | null,
    /** The newest generation of traffic that this release has confirmed. */
    trafficGeneration: undefined as number | undefined,
    /** Where the load balancer stands after the newest batch of a rolling update. */
    batchStandsAt: undefined as number | undefined,
    /** What has been called and could be undone, the oldest first. */
    hooksDone: [] as HookSpec[],
    /** What an A/B test had counted when it was paused, and whether a comparison still runs. */
    arms: { counts: undefined as ArmCounts | undefined, isOpen: false },
    /** What of the false-rollback budget has been spent; undefined where nothing is compared. */
    ledger: errorBudgetOf(spec, course.plan) as AlphaLedger | undefined,
    told: false,
    retired: false,
    /** The removal of what came before, once it has been ordered; its end, good or bad. */
    removing: undefined as Promise<void> | undefined,
    left: [] as readonly DeployedVersion[],
    facts,
    /** The name of the `count`-th use of an effect is its own; the generation only grows. */
    countedName,
    effect(name: string): EffectId {
      effects += 1;
      return {
        key: effectKey(workflowId, countedName(name)),
        generation: generationOf(number, effects * GENERATIONS_AN_EFFECT),
      };
    },
    /** Runs `work` so that the end of the course ends it; then `undefined`. */
    async interruptible<T>(work: () => Promise<T>): Promise<T | undefined> {
      if (course.end !== null) return undefined;
      const own = new CancellationScope();
      scope = own;
      try {
        return await own.run(work);
      } catch (error) {
        if (!isCancellation(error) || !own.consideredCancelled) throw error;
        return undefined;
      } finally {
        scope = undefined;
      }
    },
  };
}

/** The share that a step gives the candidate, for people. */
function weightOf(step: Course['plan'][number]): { readonly weightPercent?: number } {
  return step.kind === 'weight' ? { weightPercent: step.weightPercent } : {};
}

/** Who has which share when the candidate has `weightPercent`: stable first, as it has the rest. */
export function routesAt(
  { stable, candidate, baseline }: Pick<Context, 'stable' | 'candidate' | 'baseline'>,
  weightPercent: number,
): Routes {
  const { version, instances } = candidate;
  const own = { version, instances, weightPercent };
  if (stable === null) return [{ ...own, weightPercent: 100 }];
  const besides = baseline === null ? 0 : baselineShare(weightPercent);
  return [
    {
      version: stable.version,
      instances: stable.instances,
      weightPercent: 100 - weightPercent - besides,
    },
    own,
    ...(baseline === null
      ? []
      : [
          {
            version: baseline.version,
            instances: baseline.instances,
            weightPercent: besides,
          },
        ]),
  ];
}

/** How users are told apart by the steps that have been entered so far; none, by weight alone. */
export function steeringAt({ course, input }: Context): SwitchRequest['steering'] {
  const { version } = input.spec;
  let affinity: { cookie: string; maxAgeS: number; salt: string } | undefined;
  let mirror: { version: string; percent: number } | undefined;
  const matches: {
    version: string;
    in: 'header' | 'cookie';
    name: string;
    how: 'exact' | 'prefix' | 'present';
    value: string;
  }[] = [];
  for (const step of course.plan.slice(0, course.at + 1)) {
    if (step.kind === 'affinity') affinity = { ...step.affinity, salt: saltOf(input) };
    if (step.kind === 'match') matches.push({ version, ...step.match });
    if (step.kind === 'mirror') {
      mirror = step.percent === 0 ? undefined : { version, percent: step.percent };
    }
  }
  const isOver = course.stand.weightPercent === 100 && course.promoted;
  if (isOver || (affinity === undefined && matches.length === 0 && mirror === undefined)) {
    return undefined;
  }
  return {
    ...(affinity === undefined ? {} : { affinity }),
    ...(matches.length === 0 ? {} : { matches }),
    ...(mirror === undefined ? {} : { mirror }),
  };
}

/** Another release tries other users first. */
function saltOf({ spec, number }: ReleaseInput): string {
  return `${spec.service}/${number}`;
}
