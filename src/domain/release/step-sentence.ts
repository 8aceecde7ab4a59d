import { hostOf } from './hooks.ts';
import { formatDuration } from '../quantity.ts';
import type { HookCall } from './hook.schema.ts';
import { openHours } from './open-hours.ts';
import type { Step } from './plan.ts';
import type { ReleaseSpec } from './release-spec.ts';
import type { MatchSpec } from './strategy.schema.ts';

/** What a sentence about a step depends on beside the release file. */
export interface StepFacts {
  readonly isFirst: boolean;
  readonly fast: boolean;
}

/** What happens at a step, in one sentence without its full stop. */
export function sentenceOf(step: Step, spec: ReleaseSpec, facts: StepFacts): string {
  const { version, service } = spec;
  switch (step.kind) {
    case 'deploy':
      return `${starting(step.instances, version)}${facts.isFirst ? '' : ' beside stable'}`;
    case 'prove':
      return proof(spec, facts);
    case 'validate':
      return validation(spec, facts);
    case 'hook':
      return `the hook ${step.hook.name} calls ${callee(step.hook.call)}`;
    case 'gate':
      return gateSentence(step, service);
    case 'scale':
      return `${version} runs on ${instances(step.instances)}`;
    case 'weight':
      return (
        `${version} gets ${step.weightPercent} % of the traffic` +
        (step.forMs === 0 ? '' : `, watched for ${formatDuration(step.forMs)}`)
      );
    case 'stay':
      return stay(step, version);
    case 'mirror':
      return `copies of ${step.percent} % of the requests go to ${version}; answers are dropped`;
    case 'match':
      return `users with ${matched(step.match)} meet ${version}, whatever its weight`;
    case 'affinity':
      return `from here on users stay where they are, by the cookie ${step.affinity.cookie}`;
    case 'batch':
      return batch(step, version);
    case 'compare':
      return comparison(spec, step.forMs);
    case 'promote':
      return `${version} becomes stable: a later release goes back to it`;
    case 'keep':
      return facts.isFirst
        ? `${formatDuration(step.forMs)} pass; no version ran before that could be kept`
        : `the version before stays, without traffic, for ${formatDuration(step.forMs)}`;
    case 'retire':
      return facts.isFirst
        ? 'nothing is removed: no version ran before'
        : 'the version before is removed, after its open requests have ended';
    default:
      return step satisfies never;
  }
}

const instances = (count: number): string => (count === 1 ? '1 instance' : `${count} instances`);

function starting(count: number, version: string): string {
  return `${instances(count)} of ${version} ${count === 1 ? 'starts' : 'start'}`;
}

function proof({ health, warmup }: ReleaseSpec, { fast }: StepFacts): string {
  const names = health.checks.map((check) => check.name ?? check.kind).join(', ');
  const checks = `every instance must pass ${names} within ${formatDuration(health.deadlineMs)}`;
  return fast || warmup.durationMs === 0
    ? checks
    : `${checks}, then ${formatDuration(warmup.durationMs)} of warm-up`;
}

function validation(
  { validation: { windowMs, requestsPerSecond } }: ReleaseSpec,
  facts: StepFacts,
) {
  const load = `${formatDuration(windowMs)} of probe load at ${requestsPerSecond} requests/s`;
  return facts.isFirst ? `${load}, then a verdict` : `${load} to both versions, then a verdict`;
}

function callee(call: HookCall): string {
  switch (call.kind) {
    case 'activity':
      return `the activity ${call.type} on ${call.taskQueue}`;
    case 'webhook':
      return hostOf(call.url);
    default:
      return call satisfies never;
  }
}

function gateSentence({ name, gate }: Extract<Step, { kind: 'gate' }>, service: string): string {
  switch (gate.kind) {
    case 'person':
      return `waits for a person: belay approve ${service} ${name}`;
    case 'webhook':
      return `asks ${hostOf(gate.url)} whether to go on`;
    case 'after':
      return `waits until ${gate.service} has released ${gate.version} or newer`;
    case 'time':
      return `waits for the hours ${openHours(gate)}`;
    default:
      return gate satisfies never;
  }
}

function stay(step: Extract<Step, { kind: 'stay' }>, version: string): string {
  const time = formatDuration(step.forMs);
  if (step.phase === 'stabilizing') return `${version} is watched under live traffic for ${time}`;
  return step.judge
    ? `stays as it is for ${time}, and ${version} must be judged good`
    : `stays as it is for ${time}`;
}

function matched({ in: place, name, how, value }: MatchSpec): string {
  switch (how) {
    case 'exact':
      return `the ${place} ${name}: ${value}`;
    case 'prefix':
      return `a ${place} ${name} that begins with ${value}`;
    case 'present':
      return `any ${place} ${name}`;
    default:
      return how satisfies never;
  }
}

function batch({ from, to, forMs }: Extract<Step, { kind: 'batch' }>, version: string): string {
  const moved =
    to - from === 1
      ? `instance ${to} drains and becomes`
      : `instances ${from + 1} to ${to} drain and become`;
  const time = forMs === 0 ? '' : `, watched for ${formatDuration(forMs)}`;
  return `${moved} ${version}${time}`;
}

function comparison({ abTest, version }: ReleaseSpec, forMs: number): string {
  if (abTest === undefined) return `both arms are compared for ${formatDuration(forMs)}`;
  const { minDurationMs, minSamples, undecided } = abTest;
  const kept = undecided === 'candidate' ? version : 'stable';
  return (
    `both arms are compared for ${formatDuration(minDurationMs)} to ${formatDuration(forMs)}, ` +
    `with ${minSamples} samples each; undecided, ${kept} is kept`
  );
}
