import { destinationText } from './group-key.ts';
import type { ShardState } from './shard-state.ts';
import type { AlertLedgerEntry } from './views.ts';

const PAGES_SHOWN = 10;
const WARNINGS_SHOWN = 5;

/** A shard for whoever looks in Temporal's UI, in Markdown: short, however much it holds. */
export function renderShard(
  { alerts, groups, silences, version }: ShardState,
  {
    ledger,
    warnings,
    refused,
  }: {
    readonly ledger: readonly AlertLedgerEntry[];
    readonly warnings: readonly string[];
    readonly refused: number;
  },
): string {
  const firing = [...alerts.values()].filter(({ isEnded }) => !isEnded).length;
  const pages = ledger
    .slice(-PAGES_SHOWN)
    .toReversed()
    .map(
      ({ sinceMs, destination, reason, firing: count, resolved, state }) =>
        `- ${new Date(sinceMs).toISOString()} ${destinationText(destination)}: ` +
        `${reason.replaceAll('_', ' ')} (${count} firing, ${resolved} over): ${state}`,
    );
  return [
    `**${firing} of ${alerts.size} alerts fire**, in ${groups.size} groups. ` +
      `Silences: ${silences.size}. Configuration: ${version}. Refused, ever: ${refused}.`,
    '`belay alert list` shows them one by one.',
    ...(pages.length === 0 ? [] : ['', 'The last pages:', ...pages]),
    ...(warnings.length === 0
      ? []
      : ['', 'Warnings:', ...warnings.slice(-WARNINGS_SHOWN).map((why) => `- ${why}`)]),
  ].join('\n');
}
