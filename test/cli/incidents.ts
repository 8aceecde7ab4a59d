import type { BelayClient, IncidentView } from '../../src/client/client.ts';
import { Failure } from '../../src/domain/failure.ts';

export const ID = `incident/${'3f9ac0ffee12'.padEnd(64, '0')}`;
export const NOW_MS = Date.UTC(2026, 10, 26, 3, 20);
const MINUTE = 60_000;

export const VIEW: IncidentView = {
  id: ID,
  key: ID.slice('incident/'.length),
  title: 'checkout answers 500',
  text: 'since 03:10',
  severity: 'critical',
  source: 'monitor',
  labels: { service: 'checkout' },
  links: [{ text: 'runbook', url: 'https://wiki.example.org/checkout' }],
  policy: 'payments',
  who: 'monitor',
  openedAtMs: NOW_MS - 8 * MINUTE,
  status: 'triggered',
  round: 1,
  level: 1,
  levels: 2,
  nextAtMs: NOW_MS + 2 * MINUTE,
  quietUntilMs: null,
  acknowledgedBy: null,
  resolvedBy: null,
  verbs: ['acknowledge', 'resolve', 'reassign', 'snooze', 'escalate_now', 'add_note'],
  ledger: [
    {
      ...{ key: 'k/c1-r1-l1/ada', purpose: 'level', round: 1, level: 1 },
      ...{ channel: 'chat', person: 'ada', contact: 'chat', state: 'accepted' },
      sinceMs: NOW_MS - 8 * MINUTE,
      attempts: [{ attempt: 1, atMs: NOW_MS, outcome: 'accepted', text: 'C1 1700.1' }],
      ...{ receipt: 'C1 1700.1', handle: 'C1 1700.1', shown: 'trigger' },
    },
    {
      ...{ key: 'k/c1-r1-l1/bob', purpose: 'level', round: 1, level: 1 },
      ...{ channel: 'mail', person: 'bob', contact: 'mail', state: 'sending' },
      sinceMs: NOW_MS - 8 * MINUTE,
      attempts: [
        { attempt: 1, atMs: NOW_MS, outcome: 'failed', text: 'mail: refused' },
        { attempt: 2, atMs: NOW_MS, outcome: 'unknown', text: 'begun' },
      ],
      ...{ receipt: null, handle: null, shown: 'trigger' },
    },
  ],
  ledgerDropped: 0,
  timeline: [
    { atMs: NOW_MS - 8 * MINUTE, text: 'opened by monitor: its alert fires' },
    { atMs: NOW_MS - 8 * MINUTE, text: 'level 1 of 2, round 1: ada by chat, bob by mail' },
  ],
  warnings: [],
};

export const HANDLED = { by: 'ada', why: 'I look at it', atMs: NOW_MS - MINUTE };

/** Incidents that answer what they are told to; what else is asked of them is not there. */
export function incidentsThat(
  answers: Partial<BelayClient['incidents']>,
): BelayClient['incidents'] {
  const nobody = async (): Promise<never> => {
    throw new Failure('NotFound', 'nobody answers this');
  };
  return {
    ...{ open: nobody, acknowledge: nobody, answer: nobody, steer: nobody },
    ...{ show: nobody, result: nobody, list: nobody, report: nobody },
    idOf: (key) => `incident/${key}`,
    ...answers,
  };
}
