import { z } from 'zod';
import { gateTime } from './gate-time.schema.ts';
import { positiveDuration, waitingTime } from './quantities.schema.ts';

const HEADER = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/** Of gates, hooks and steps: what a person types after a verb. */
export const label = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, 'a name has lower case letters, digits and -');

export const callUrl = z.url({
  protocol: /^https?$/,
  error: 'a URL begins with http:// or https://',
});

/** Headers whose values are secrets of the worker. */
export const headersFromEnv = z
  .record(z.string().regex(HEADER), z.string())
  .default({})
  .describe("Header and the worker's environment variable that holds its value.");

const onTimeout = z.enum(['reject', 'approve']).default('reject');

const person = z
  .strictObject({
    timeout: positiveDuration.optional().describe('Default: it waits for as long as it takes.'),
    on_timeout: onTimeout,
  })
  .transform((written) => ({ timeoutMs: written.timeout, onTimeout: written.on_timeout }));

const webhook = z
  .strictObject({
    url: callUrl.describe('Gets {service, version, gate, workflowId} by POST.'),
    timeout: waitingTime.prefault('10s').describe('Of one attempt.'),
    budget: positiveDuration.prefault('5m').describe('For all attempts; then the gate is closed.'),
    headers_from_env: headersFromEnv,
  })
  .transform((written) => ({
    url: written.url,
    attemptTimeoutMs: written.timeout,
    timeoutMs: written.budget,
    onTimeout: 'reject' as const,
    headersFromEnv: written.headers_from_env,
  }));

const after = z
  .strictObject({
    release: z
      .string()
      .regex(
        /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])? *>= *\S+$/,
        'a release of another service is written like payments >= v12',
      ),
    timeout: positiveDuration.prefault('1h'),
    on_timeout: onTimeout,
  })
  .transform((written) => {
    const [service = '', version = ''] = written.release.split('>=').map((part) => part.trim());
    return { service, version, timeoutMs: written.timeout, onTimeout: written.on_timeout };
  });

export const GATE_KINDS = ['person', 'webhook', 'after', 'time'] as const;

/** The keys of a gate; a block that holds them is checked by `exactlyOne`. */
export const gateFields = {
  name: label.describe('What `belay approve` and `belay reject` call it.'),
  person: person.optional().describe('`belay approve SERVICE GATE` lets it go on.'),
  webhook: webhook
    .optional()
    .describe('2xx goes on, 4xx stops, 5xx and silence are tried again within the budget.'),
  after: after.optional().describe('Another service must have released a version.'),
  time: gateTime.optional().describe('The hours of a day; it waits for the next of them.'),
};

type Written = z.output<z.ZodObject<typeof gateFields>>;

/** The one kind that is written, as a union that names it. */
export function gateOf({ name, person: asks, webhook: calls, after: waits, time: opens }: Written) {
  if (asks !== undefined) return { name, kind: 'person' as const, ...asks };
  if (calls !== undefined) return { name, kind: 'webhook' as const, ...calls };
  if (waits !== undefined) return { name, kind: 'after' as const, ...waits };
  if (opens !== undefined) {
    const always = { timeoutMs: undefined, onTimeout: 'reject' as const };
    return { name, kind: 'time' as const, ...opens, ...always };
  }
  throw new RangeError('a gate without a kind has passed its check');
}

export type GateSpec = ReturnType<typeof gateOf>;

/** Adds an issue unless exactly one of `kinds` is written. */
export function exactlyOne<Key extends string>(what: string, kinds: readonly Key[]) {
  return (
    written: Readonly<Partial<Record<Key, unknown>>>,
    context: z.RefinementCtx<unknown>,
  ): void => {
    const has = kinds.filter((kind) => written[kind] !== undefined);
    if (has.length === 1) return;
    const list = kinds.join(', ');
    const message =
      has.length === 0
        ? `${what} needs one of ${list}`
        : `${what} has ${has.join(' and ')}: write one of them`;
    context.addIssue({ code: 'custom', message });
  };
}

/** Phases before and after which a gate or a hook may stand. */
export const MOMENTS = [
  'deploying',
  'checking',
  'validating',
  'traffic',
  'stabilizing',
  'cleaning_up',
] as const;
export type Moment = (typeof MOMENTS)[number];

/** A gate of its own, before a phase. */
export const phaseGate = z
  .strictObject({ ...gateFields, before: z.enum(MOMENTS).default('traffic') })
  .superRefine(exactlyOne('a gate', GATE_KINDS))
  .transform(({ before, ...gate }) => ({ before, ...gateOf(gate) }));
