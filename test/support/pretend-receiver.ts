import { z } from 'zod';
import {
  type PretendServer,
  jsonOf,
  startPretendServer,
} from '../../src/dev/pretend/pretend-server.ts';

const labels = z.record(z.string().min(1), z.string().min(1));
const annotations = z.record(z.string().min(1), z.string());
const status = z.enum(['firing', 'resolved']);

/** The body that Alertmanager 0.31 sends; anything beyond is an error. */
const alertmanagerBody = z.strictObject({
  receiver: z.string().min(1),
  status,
  alerts: z
    .array(
      z.strictObject({
        status,
        labels,
        annotations,
        startsAt: z.iso.datetime(),
        endsAt: z.iso.datetime(),
        generatorURL: z.string(),
        fingerprint: z.string().regex(/^[0-9a-f]{16}$/),
      }),
    )
    .min(1),
  groupLabels: labels,
  commonLabels: labels,
  commonAnnotations: annotations,
  externalURL: z.string(),
  version: z.literal('4'),
  groupKey: z.string().regex(/^\{.*\}:\{.*\}$/s),
  truncatedAlerts: z.number().int().min(0),
});

export type ReceivedBody = z.output<typeof alertmanagerBody>;

export interface PretendReceiver extends PretendServer {
  /** Every body that was taken, with the key to drop a repeat by. */
  readonly shown: readonly { readonly key: string; readonly body: ReceivedBody }[];
  readonly problems: readonly string[];
  readonly webhookUrl: string;
}

/** Something that takes Alertmanager's webhook and looks at it closely. */
export async function startPretendReceiver(path: string): Promise<PretendReceiver> {
  const shown: { readonly key: string; readonly body: ReceivedBody }[] = [];
  const problems: string[] = [];
  const server = await startPretendServer((request) => {
    if (request.path !== path) return { status: 404, body: '' };
    if (request.method !== 'POST') return { status: 405, body: '' };
    const { data, error } = alertmanagerBody.safeParse(jsonOf(request.body));
    if (data === undefined) {
      problems.push(...error.issues.map((one) => `${one.path.join('.')}: ${one.message}`));
      return { status: 400, body: 'bad request' };
    }
    shown.push({ key: String(request.headers['idempotency-key']), body: data });
    return { status: 200, body: '' };
  });
  return { ...server, shown, problems, webhookUrl: `${server.url}${path}` };
}
