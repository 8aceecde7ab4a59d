import { request as fetchUrl } from 'undici';
import { z } from 'zod';
import { Failure } from '../../domain/failure.ts';
import {
  type Measurement,
  type Reading,
  SIGNALS,
  type Signal,
} from '../../domain/judge/measurement.ts';
import type { MetricsSpec } from '../../domain/release/release.schema.ts';
import { cannotBeSent } from '../cannot-be-sent.ts';
import { readLimited } from '../limited-body.ts';
import { secretHeaders } from '../secret-headers.ts';
import type { MetricsQuery, MetricsSource } from './source.ts';

const BODY_MAX_BYTES = 1024 * 1024;

type PrometheusSpec = Extract<MetricsSpec, { kind: 'prometheus' }>;

const sampleSchema = z.tuple([z.number(), z.string()]);
const answerSchema = z.union([
  z.object({
    status: z.literal('success'),
    warnings: z.array(z.string()).default([]),
    data: z.discriminatedUnion('resultType', [
      z.object({ resultType: z.literal('scalar'), result: sampleSchema }),
      z.object({
        resultType: z.literal('vector'),
        result: z.array(
          z.object({ metric: z.record(z.string(), z.string()), value: sampleSchema.optional() }),
        ),
      }),
      z.object({ resultType: z.enum(['matrix', 'string']), result: z.unknown() }),
    ]),
  }),
  z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() }),
]);

/** PromQL by the HTTP API (`/api/v1/query`), evaluated at the end of the window. */
export function createPrometheusSource(
  spec: PrometheusSpec,
  secret: (name: string) => string | undefined,
): MetricsSource {
  const signals = SIGNALS.filter((name) => spec.queries[name] !== undefined);
  return {
    signals,
    async measure(query, signal) {
      const measured = await Promise.all(
        signals.map(async (name): Promise<readonly [Signal, Measurement]> => {
          return [name, await askPrometheus(spec, spec.queries[name] ?? '', query, secret, signal)];
        }),
      );
      return withSamples(Object.fromEntries(measured), query);
    },
  };
}

/** The requests behind a ratio or a latency are those that the throughput over the window means. */
function withSamples(reading: Reading, { fromMs, toMs }: MetricsQuery): Reading {
  const { throughput } = reading;
  const requests =
    throughput?.kind === 'value' ? Math.round((throughput.value * (toMs - fromMs)) / 1000) : 0;
  const entries = Object.entries(reading).map(([name, measurement]) => {
    const counted = name === 'latency_p95' || name === 'error_rate' || name === 'throughput';
    return [
      name,
      counted && measurement.kind === 'value' ? { ...measurement, samples: requests } : measurement,
    ];
  });
  return Object.fromEntries(entries);
}

/** Where a server is, and what it needs to be told beside the query. */
export interface PrometheusServer {
  readonly url: string;
  readonly timeoutMs: number;
  readonly headersFromEnv: Readonly<Record<string, string>>;
}

/** One instant query at the end of the window, with `{service}`, `{version}` and `{window}`. */
export async function askPrometheus(
  server: PrometheusServer,
  template: string,
  query: Pick<MetricsQuery, 'service' | 'version' | 'fromMs' | 'toMs'>,
  secret: (name: string) => string | undefined,
  signal: AbortSignal,
): Promise<Measurement> {
  const secrets = secretHeaders(server.headersFromEnv, secret);
  if (secrets.kind === 'missing') throw new Failure('MetricsInvalid', secrets.why);
  const promql = fillIn(template, query);
  const url = `${server.url.replace(/\/$/, '')}/api/v1/query`;
  const form = new URLSearchParams({ query: promql, time: String(query.toMs / 1000) });
  let text: string;
  try {
    const { body } = await fetchUrl(url, {
      method: 'POST',
      headers: {
        accept: 'application/json',
        ...secrets.headers,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: form.toString(),
      signal: AbortSignal.any([signal, AbortSignal.timeout(server.timeoutMs)]),
    });
    text = (await readLimited(body, BODY_MAX_BYTES)).text;
  } catch (error) {
    signal.throwIfAborted();
    const code = cannotBeSent(error) ? 'MetricsInvalid' : 'MetricsUnreachable';
    throw new Failure(code, `${url}: ${String(error)}`, { cause: error });
  }
  return readAnswer(text, promql, url);
}

function readAnswer(text: string, promql: string, url: string): Measurement {
  const parsed = answerSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new Failure('MetricsUnreachable', `${url} answered: ${text.slice(0, 200)}`);
  }
  const answer = parsed.data;
  if (answer.status === 'error') {
    const code = answer.errorType === 'bad_data' ? 'MetricsInvalid' : 'MetricsUnreachable';
    throw new Failure(code, `${answer.error} (${promql})`);
  }
  const { data } = answer;
  // Such as a part of the data that could not be read: the rest is no figure.
  const warning = answer.warnings.find((one) => !one.startsWith(ANNOTATION));
  if (warning !== undefined) {
    return { kind: 'no_data', why: `the answer is not whole: ${warning.slice(0, 200)}` };
  }
  if (data.resultType === 'scalar') return valueOf(data.result[1]);
  if (data.resultType !== 'vector') {
    throw new Failure('MetricsInvalid', `the query answers a ${data.resultType}: ${promql}`);
  }
  const [first, second] = data.result;
  if (first === undefined) return { kind: 'no_data', why: 'the query has no series' };
  if (second !== undefined) {
    const why = `the query has ${data.result.length} series; one is needed`;
    return { kind: 'no_data', why };
  }
  if (first.value === undefined) return { kind: 'no_data', why: 'the series is a histogram' };
  return valueOf(first.value[1]);
}

/** What newer versions remark on a query, not on its data, stands among the warnings as well. */
const ANNOTATION = 'PromQL info: ';

/** 0/0 in PromQL is NaN: there was nothing to divide, so that there is no figure either. */
function valueOf(written: string): Measurement {
  const value = Number(written);
  if (!Number.isFinite(value)) return { kind: 'no_data', why: `the query answers ${written}` };
  return { kind: 'value', value, samples: 1 };
}

/** `{service}`, `{version}` and `{window}`, which is a PromQL duration in whole seconds. */
function fillIn(
  template: string,
  { service, version, fromMs, toMs }: Pick<MetricsQuery, 'service' | 'version' | 'fromMs' | 'toMs'>,
): string {
  const seconds = Math.max(1, Math.ceil((toMs - fromMs) / 1000));
  return template
    .replaceAll('{service}', service)
    .replaceAll('{version}', version)
    .replaceAll('{window}', `${seconds}s`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
