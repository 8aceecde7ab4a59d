import { formatDuration } from '../../domain/quantity.ts';
import {
  CONSEQUENCES,
  type Consequence,
  type Risk,
  type Timetable,
  type TimetableEntry,
} from '../../domain/release/timetable.ts';
import { columns } from './style.ts';

/** A timetable for a person: when what happens, and what would take it back. */
export function renderPlan(timetable: Timetable, remarks: readonly string[]): string {
  const { service, version, strategy, entries, totalMs, isEarliest, isFirst } = timetable;
  const total = `${isEarliest ? 'at the earliest ' : ''}${formatDuration(totalMs)}`;
  const rows = entries.map((entry) => [
    `${entry.isEarliest ? '≥ ' : ''}${formatDuration(entry.fromMs)}`,
    entry.name,
    `${entry.weightPercent} %`,
    `${entry.what}${detailOf(entry)}`,
  ]);
  const notes = [
    ...(timetable.mode === 'observe'
      ? ['mode observe: it only judges and says what it would have done; nothing moves']
      : []),
    ...(isFirst ? ['the first release of a service: there is no version to go back to'] : []),
    ...timetable.silenced.map(
      (matchers) => `alerts of ${matchers} page nobody until ${version} is stable or gone`,
    ),
    ...remarks,
  ];
  const parts = [
    `${service} ${version}, ${strategy}: ${entries.length} steps, ${total}`,
    columns([['from', 'step', 'traffic', 'what happens'], ...rows]),
    `what would take it back\n${renderRisks(entries).join('\n')}`,
    'Waits are exact; starting, moving traffic and removing take what they take on top.',
    ...notes.map((note) => `note: ${note}`),
  ];
  return `${parts.join('\n\n')}\n`;
}

function detailOf({ gate, limitMs }: TimetableEntry): string {
  if (gate === undefined) {
    return limitMs === undefined ? '' : ` (at most ${formatDuration(limitMs)})`;
  }
  if (gate.timeoutMs === undefined) return ', for as long as it takes';
  const outcome = gate.onTimeout === 'approve' ? 'goes on' : 'is closed';
  return `; without an answer it ${outcome} after ${formatDuration(gate.timeoutMs)}`;
}

const TITLES: Readonly<Record<Consequence, string>> = {
  ends: 'it ends before any user has met it',
  goes_back: 'it goes back by itself',
  holds: 'it holds and waits for a person',
};

/** By what follows; risks of the same steps are told together. */
function renderRisks(entries: readonly TimetableEntry[]): readonly string[] {
  return CONSEQUENCES.flatMap((consequence) => {
    const stepsOf = new Map<string, string[]>();
    for (const { name, risks } of entries.filter((one) => one.consequence === consequence)) {
      for (const risk of risks) {
        const text = riskOf(risk);
        stepsOf.set(text, [...(stepsOf.get(text) ?? []), name]);
      }
    }
    const groups = Map.groupBy(stepsOf, ([, names]) => names.join(', '));
    const lines = [...groups].flatMap(([names, risks]) => [
      `    at ${names}`,
      ...risks.map(([text]) => `      ${text}`),
    ]);
    return lines.length === 0 ? [] : [`  ${TITLES[consequence]}, if`, ...lines];
  });
}

function riskOf(risk: Risk): string {
  switch (risk.kind) {
    case 'environment':
      return 'an instance does not start';
    case 'traffic':
      return 'the load balancer does not confirm it';
    case 'health':
      return `an instance is not healthy within ${formatDuration(risk.withinMs)}`;
    case 'unhealthy':
      return `${risk.roundsInARow} health checks in a row fail`;
    case 'threshold':
      return thresholdOf(risk);
    case 'drift':
      return (
        `p95 is ${percent(risk.latencyIncreaseMax)} or errors are ` +
        `${points(risk.errorRateIncreaseMax)} above stable`
      );
    case 'no_data':
      return `there is no data for ${formatDuration(risk.budgetMs)}`;
    case 'experiment':
      return risk.undecided === 'candidate'
        ? 'the other arm is better'
        : 'the other arm is better, or it stays undecided';
    case 'gate':
      return risk.timeoutMs === undefined
        ? 'the gate is closed'
        : `the gate is closed, or silent for ${formatDuration(risk.timeoutMs)}`;
    case 'hook':
      return `the hook ${risk.name} fails`;
    default:
      return risk satisfies never;
  }
}

function thresholdOf({ signal, limit }: Extract<Risk, { kind: 'threshold' }>): string {
  switch (signal) {
    case 'latency_p95':
      return `p95 is above ${formatDuration(limit)}`;
    case 'error_rate':
      return `the error rate is above ${percent(limit)}`;
    case 'throughput':
      return `throughput is below ${limit}/s`;
    case 'memory':
    case 'cpu':
      return `${signal} is above ${limit}`;
    default:
      return signal satisfies never;
  }
}

const percent = (share: number): string => `${Number((share * 100).toFixed(4))} %`;

function points(share: number): string {
  const count = Number((share * 100).toFixed(4));
  return count === 1 ? '1 point' : `${count} points`;
}
