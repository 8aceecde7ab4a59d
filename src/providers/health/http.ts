import { request as fetchUrl } from 'undici';
import type { HealthCheckSpec } from '../../domain/release/release.schema.ts';
import { type LimitedBody, readLimited } from '../limited-body.ts';
import { valueAt } from './json-path.ts';
import type { CheckResult, ProbeRequest } from './probe.ts';

type HttpCheck = Extract<HealthCheckSpec, { kind: 'http' }>;

const BODY_MAX_BYTES = 64 * 1024;

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: LimitedBody;
  readonly tookMs: number;
}

/** One request; redirects are answers like any other. The time counts to the end of the body. */
export async function probeHttp(
  { check, version, instance }: ProbeRequest<HttpCheck>,
  signal: AbortSignal,
): Promise<CheckResult> {
  const url =
    check.url?.replaceAll('{version}', encodeURIComponent(version)) ??
    `http://${instance.host}:${instance.port}${check.path ?? '/'}`;
  const startedMs = performance.now();
  const took = (): number => performance.now() - startedMs;
  let answer: Answer;
  try {
    const { statusCode, headers, body } = await fetchUrl(url, {
      method: check.method,
      headers: check.headers,
      signal: AbortSignal.any([signal, AbortSignal.timeout(check.timeoutMs)]),
    });
    const limited = await readLimited(body, BODY_MAX_BYTES);
    answer = { status: statusCode, headers, body: limited, tookMs: took() };
  } catch (error) {
    signal.throwIfAborted();
    const timedOut = error instanceof Error && error.name === 'TimeoutError';
    const why = timedOut ? `no answer within ${check.timeoutMs} ms` : messageOf(error);
    return { kind: 'unhealthy', tookMs: took(), why: `${check.method} ${url}: ${why}` };
  }
  const problems = findProblems(check, answer);
  if (problems.length === 0) return { kind: 'healthy', tookMs: answer.tookMs };
  const why = `${check.method} ${url}: ${problems.join('; ')}`;
  return { kind: 'unhealthy', tookMs: answer.tookMs, why };
}

function findProblems(check: HttpCheck, answer: Answer): readonly string[] {
  const problems: string[] = [];
  if (!check.statusCodes.some((code) => matches(code, answer.status))) {
    problems.push(`status ${answer.status}, expected ${check.statusCodes.join(' or ')}`);
  }
  const { maxResponseTimeMs: limit } = check;
  if (limit !== undefined && answer.tookMs > limit) {
    problems.push(`took ${Math.round(answer.tookMs)} ms, at most ${limit} ms`);
  }
  for (const [name, expected] of Object.entries(check.requiredHeaders)) {
    const got = [answer.headers[name.toLowerCase()] ?? []].flat();
    if (got.length === 0) problems.push(`no header ${name}`);
    else if (expected !== '*' && !got.includes(expected)) {
      problems.push(`header ${name} is "${got.join(', ').slice(0, 100)}", expected "${expected}"`);
    }
  }
  const { text, isWhole } = answer.body;
  if (check.bodyContains !== undefined && !text.includes(check.bodyContains)) {
    const what = isWhole ? 'the body' : `the first ${BODY_MAX_BYTES / 1024} KiB of the body`;
    problems.push(`${what} does not contain "${check.bodyContains.slice(0, 100)}"`);
  }
  if (check.json !== undefined && !isWhole) {
    problems.push(`the body is longer than ${BODY_MAX_BYTES / 1024} KiB, too long for JSON`);
  } else if (check.json !== undefined) {
    const { path, equals } = check.json;
    const found = valueAt(text, path);
    if (found.kind === 'none') problems.push(`${path}: ${found.why}`);
    else if (found.value !== equals) {
      const got = JSON.stringify(found.value).slice(0, 100);
      problems.push(`${path} is ${got}, expected ${JSON.stringify(equals)}`);
    }
  }
  return problems;
}

function matches(expected: number | string, status: number): boolean {
  return typeof expected === 'number'
    ? expected === status
    : expected.startsWith(String(Math.floor(status / 100)));
}

/** The errors of Node's network often keep what matters in their code. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  return error.message === '' || error.message.includes(code)
    ? error.message || code
    : `${code} ${error.message}`;
}
