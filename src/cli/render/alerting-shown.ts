import { stateOf } from '../../domain/alerting/silence.ts';
import type { AlertingView } from '../../domain/alerting/views.ts';
import { onOneLine, printable } from '../../domain/paging/page-words.ts';
import { renderAlerting } from './alerting.ts';
import { columns, moment, span } from './style.ts';

export function renderConfigured(version: number, notes: readonly string[]): string {
  const noted = notes.map((note) => `note: ${onOneLine(note)}\n`).join('');
  return `version ${version}: every shard goes by it\n${noted}`;
}

/** The configuration that is in force. Texts of others can do nothing to the terminal. */
export function renderShown(view: AlertingView, nowMs: number): string {
  const { configuration, configuredBy, version, shards, silences } = view;
  if (configuration === null) {
    return 'there is no alerting file yet: belay alerting apply FILE --why "…"\n';
  }
  const active = silences.filter((silence) => stateOf(silence, nowMs) === 'active').length;
  const rows = [
    ['version', `${version}, by ${shards} shards`],
    ...(configuredBy === null ? [] : [['applied', appliedText(configuredBy, nowMs)]]),
    ['silences', `${active} active; see them with: belay silence list`],
  ];
  return `${columns(rows)}\n\n${printable(renderAlerting(configuration, []))}\n`;
}

function appliedText(
  { who, why, atMs }: NonNullable<AlertingView['configuredBy']>,
  nowMs: number,
): string {
  const when = `${moment(atMs)} (${span(nowMs - atMs)} ago)`;
  return `${when} by ${onOneLine(who)}: ${onOneLine(why)}`;
}
