import { setTimeout as wait } from 'node:timers/promises';
import type { LivedAlert, LivedSilence } from './alert-account.ts';
import type { AlertPlan, PlannedAlert, PlannedSilence } from './alert-plan.ts';

const SOURCES = 5;
const BATCH_MAX = 200;
const EVERY_MS = 1000;
/** What fires is sent again so often, as Prometheus does by the minute. */
const RESENT_EVERY_MS = 15_000;
/** As Prometheus says it: four times as long as it takes to send it again. */
const LASTS_MS = 60_000;
const ANSWERS_WITHIN_MS = 10_000;

/** Where alerts are sent and silences asked for. */
export interface AlertTarget {
  /** Of `POST /api/v2/alerts`; it may change when its process is started again. */
  readonly url: () => string;
  /** Answers the id; throws when it is to be asked again, under the same name. */
  silence(silence: PlannedSilence, endsAtMs: number): Promise<string>;
  expire(id: string, name: string): Promise<void>;
}

export interface Lived {
  readonly alerts: readonly LivedAlert[];
  readonly silences: readonly LivedSilence[];
}

interface Sent {
  readonly alert: PlannedAlert;
  keptAtMs: number | null;
  endKeptAtMs: number | null;
  againAtMs: number;
}

/** Plays the plan: sources that send until they are answered, and people who silence. */
export async function playAlerts(
  { alerts, silences }: AlertPlan,
  target: AlertTarget,
  beganAtMs: number,
  over: AbortSignal,
): Promise<Lived> {
  const sent = alerts.map((alert): Sent => ({
    alert,
    keptAtMs: null,
    endKeptAtMs: null,
    againAtMs: 0,
  }));
  const sources = Array.from({ length: SOURCES }, (_, at) =>
    runSource(
      sent.filter((__, one) => one % SOURCES === at),
      target,
      beganAtMs,
      over,
    ),
  );
  const people = silences.map((silence) => runSilence(silence, target, beganAtMs, over));
  const [lived] = await Promise.all([Promise.all(people), ...sources]);
  return {
    silences: lived,
    alerts: sent.map(({ alert, keptAtMs, endKeptAtMs }) => ({ ...alert, keptAtMs, endKeptAtMs })),
  };
}

async function runSource(
  own: readonly Sent[],
  { url }: AlertTarget,
  beganAtMs: number,
  over: AbortSignal,
): Promise<void> {
  while (!over.aborted) {
    const nowMs = Date.now();
    const due = own.filter((one) => isDue(one, nowMs, beganAtMs)).slice(0, BATCH_MAX);
    if (due.length > 0 && (await isKept(url(), due, nowMs, beganAtMs))) {
      const keptAtMs = Date.now();
      for (const one of due) {
        const isOver = hasEnded(one.alert, nowMs, beganAtMs);
        one.keptAtMs ??= keptAtMs;
        if (isOver) one.endKeptAtMs ??= keptAtMs;
        one.againAtMs = nowMs + RESENT_EVERY_MS;
      }
      if (due.length === BATCH_MAX) continue;
    }
    await wait(EVERY_MS);
  }
}

function isDue({ alert, endKeptAtMs, againAtMs }: Sent, nowMs: number, beganAtMs: number): boolean {
  if (beganAtMs + alert.firesAtMs > nowMs || endKeptAtMs !== null) return false;
  return againAtMs <= nowMs || hasEnded(alert, nowMs, beganAtMs);
}

function hasEnded({ endsAtMs }: PlannedAlert, nowMs: number, beganAtMs: number): boolean {
  return endsAtMs !== null && beganAtMs + endsAtMs <= nowMs;
}

async function isKept(
  url: string,
  due: readonly Sent[],
  nowMs: number,
  beganAtMs: number,
): Promise<boolean> {
  const body = due.map(({ alert }) => ({
    labels: { alertname: 'Chaos', g: alert.group, id: alert.id },
    startsAt: new Date(beganAtMs + alert.firesAtMs).toISOString(),
    endsAt: new Date(
      hasEnded(alert, nowMs, beganAtMs) ? beganAtMs + (alert.endsAtMs ?? 0) : nowMs + LASTS_MS,
    ).toISOString(),
  }));
  try {
    const answer = await fetch(`${url}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWERS_WITHIN_MS),
    });
    await answer.text();
    return answer.status === 200;
  } catch {
    return false;
  }
}

async function runSilence(
  silence: PlannedSilence,
  target: AlertTarget,
  beganAtMs: number,
  over: AbortSignal,
): Promise<LivedSilence> {
  const dueMs = beganAtMs + silence.atMs;
  await waitUntil(dueMs, over);
  const endsAtMs = dueMs + silence.forMs;
  const id = await untilAnswered(over, () => target.silence(silence, endsAtMs));
  const answeredAtMs = id === null ? null : Date.now();
  const { expiredAtMs } = silence;
  if (id === null || expiredAtMs === null || over.aborted) {
    return { ...silence, id, answeredAtMs, promisedUntilMs: endsAtMs, overAtMs: endsAtMs };
  }
  await waitUntil(beganAtMs + expiredAtMs, over);
  const askedAtMs = Date.now();
  await untilAnswered(over, () => target.expire(id, silence.name));
  const promisedUntilMs = Math.min(askedAtMs, endsAtMs);
  const overAtMs = Math.min(Date.now(), endsAtMs);
  return { ...silence, id, answeredAtMs, promisedUntilMs, overAtMs };
}

async function untilAnswered<T>(over: AbortSignal, ask: () => Promise<T>): Promise<T | null> {
  while (!over.aborted) {
    try {
      return await ask();
    } catch {
      await wait(EVERY_MS);
    }
  }
  return null;
}

async function waitUntil(atMs: number, over: AbortSignal): Promise<void> {
  const ms = Math.max(0, atMs - Date.now());
  await wait(ms, undefined, { signal: over }).catch(() => undefined);
}
