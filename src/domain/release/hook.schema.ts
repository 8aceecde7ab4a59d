import { z } from 'zod';
import { MOMENTS, callUrl, exactlyOne, headersFromEnv, label } from './gate.schema.ts';
import { positiveDuration, waitingTime } from './quantities.schema.ts';

const activity = z
  .strictObject({
    type: z.string().min(1).max(200).describe('The name of the activity.'),
    task_queue: z
      .string()
      .regex(/^[A-Za-z0-9._/-]{1,200}$/)
      .describe('Where its worker listens: in any language that Temporal speaks.'),
    timeout: positiveDuration.prefault('5m').describe('Of one attempt.'),
    heartbeat: positiveDuration.optional().describe('Default: none is expected.'),
    attempts: z.number().int().min(1).max(100).default(3),
  })
  .transform((written) => ({
    kind: 'activity' as const,
    type: written.type,
    taskQueue: written.task_queue,
    timeoutMs: written.timeout,
    heartbeatMs: written.heartbeat,
    attempts: written.attempts,
  }));

const webhook = z
  .strictObject({
    url: callUrl.describe('Gets the same as an activity, by POST; done when it answers 2xx.'),
    timeout: waitingTime.prefault('30s').describe('Of one attempt.'),
    attempts: z.number().int().min(1).max(100).default(3),
    headers_from_env: headersFromEnv,
  })
  .transform((written) => ({
    kind: 'webhook' as const,
    url: written.url,
    timeoutMs: written.timeout,
    attempts: written.attempts,
    headersFromEnv: written.headers_from_env,
  }));

const CALL_KINDS = ['activity', 'webhook'] as const;
const call = { activity: activity.optional(), webhook: webhook.optional() };

function callOf(written: z.output<z.ZodObject<typeof call>>) {
  const one = written.activity ?? written.webhook;
  if (one === undefined) throw new RangeError('a hook without a call has passed its check');
  return one;
}

const undo = z.strictObject(call).superRefine(exactlyOne('undo', CALL_KINDS)).transform(callOf);

const WHEN_KINDS = ['before', 'after', 'on'] as const;

/**
 * A program of the user's at a moment of the release. `on: expand` is before the candidate starts,
 * `on: contract` when no older version runs any more: the two halves of a database change. `undo`
 * is called when the release goes back after its hook has been called, the newest first.
 */
export const hook = z
  .strictObject({
    name: label,
    before: z.enum(MOMENTS).optional(),
    after: z.enum(MOMENTS).optional(),
    on: z.enum(['expand', 'contract', 'rollback']).optional(),
    ...call,
    undo: undo.optional().describe('Called on the way back, if the hook had been called.'),
    on_failure: z
      .enum(['fail', 'warn'])
      .default('fail')
      .describe('fail: the release goes back; warn: it goes on and says so.'),
  })
  .superRefine(exactlyOne('a hook', WHEN_KINDS))
  .superRefine(exactlyOne('a hook', CALL_KINDS))
  .transform((written) => ({
    name: written.name,
    when: whenOf(written),
    call: callOf(written),
    undo: written.undo,
    onFailure: written.on_failure,
  }));

type When = { [Key in (typeof WHEN_KINDS)[number]]?: string | undefined };

/** `before deploying`, `after traffic`, `on contract`: one text a moment. */
function whenOf({ before, after, on }: When): string {
  if (before !== undefined) return `before ${before}`;
  return after === undefined ? `on ${on}` : `after ${after}`;
}

export type HookSpec = z.output<typeof hook>;
export type HookCall = HookSpec['call'];
