import type { AlertCalls } from '../../src/client/alerts.ts';
import type { BelayClient } from '../../src/client/client.ts';
import type { Silence } from '../../src/domain/alerting/silence.ts';
import type {
  AlertingView,
  GroupView,
  MemberView,
  ShardView,
} from '../../src/domain/alerting/views.ts';
import { Failure } from '../../src/domain/failure.ts';
import { type World, createFakeClient, run } from './run-cli.ts';

export const NOW_MS = Date.UTC(2026, 10, 26, 3, 20);
export const MINUTE = 60_000;

/** What a terminal obeys: clear the screen, a title, an 8-bit control, text turned around. */
export const HOSTILE = '\u001b[2J\u001b]0;own\u0007\u009b31m\u202Eevil\r\nline\u2028two';
export const OBEYED = /[^\P{Cc}\n]|[\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

export function alertsThat(answers: Partial<AlertCalls>): AlertCalls {
  const nobody = async (): Promise<never> => {
    throw new Failure('NotFound', 'nobody answers this');
  };
  return {
    ...{ post: nobody, beat: nobody, configure: nobody, show: nobody },
    ...{ shards: nobody, silence: nobody, expire: nobody },
    ...answers,
  };
}

/** Runs a command line before alerts that answer what they are told to. */
export function belay(
  args: readonly string[],
  answers: Partial<AlertCalls> = {},
  world: Partial<World> = {},
) {
  const { client }: { readonly client: BelayClient } = createFakeClient({
    alerts: alertsThat(answers),
  });
  return run(args, { client, nowMs: NOW_MS, ...world });
}

export function member(labels: MemberView['labels'], more: Partial<MemberView> = {}): MemberView {
  return {
    ...{ labels, annotations: {}, generatorUrl: null, fingerprint: JSON.stringify(labels) },
    ...{ startsAtMs: NOW_MS - 3 * MINUTE, endsAtMs: NOW_MS + MINUTE, isTimeout: true },
    ...{ updatedAtMs: NOW_MS, isEnded: false, heldBy: null, hasBeenPaged: true },
    ...more,
  };
}

export function group(alerts: readonly MemberView[], more: Partial<GroupView> = {}): GroupView {
  return {
    key: '3f9ac0ff'.padEnd(64, '0'),
    destination: { kind: 'channel', name: 'ops' },
    labels: { alertname: 'Down' },
    ...{ isStorm: false, openedAtMs: NOW_MS - 3 * MINUTE, nextFlushAtMs: NOW_MS + 2 * MINUTE },
    ...{ lastPagedAtMs: NOW_MS - MINUTE, isUnderWay: false, alerts, more: 0 },
    ...more,
  };
}

export function shard(groups: readonly GroupView[], more: Partial<ShardView> = {}): ShardView {
  return {
    ...{ shard: 0, shards: 2, version: 3, bytes: 100, bytesLimit: 1_000_000 },
    ...{ alerts: 1, firing: 1, groups, moreGroups: 0, ledger: [], ledgerDropped: 0 },
    ...{ refused: 0, warnings: [] },
    ...more,
  };
}

export const SILENCE: Silence = {
  id: '3f9ac0ff-1111-4222-8333-444455556666',
  matcherSets: [[{ name: 'alertname', operator: '=', value: 'Down' }]],
  startsAtMs: NOW_MS - 60 * MINUTE,
  endsAtMs: NOW_MS + 60 * MINUTE,
  updatedAtMs: NOW_MS - 60 * MINUTE,
  createdBy: 'ada',
  comment: 'new disks',
};

export function viewWith(
  silences: readonly Silence[],
  more: Partial<AlertingView> = {},
): AlertingView {
  return {
    ...{ shards: 2, version: 3, configuration: null, configuredBy: null, silences },
    ...more,
  };
}
