import type { IncidentSummary, IncidentView } from '../../client/client.ts';
import type { Attempt, LedgerEntry } from '../../domain/escalation/ledger.ts';
import type { IncidentStatus, IncidentVerb } from '../../domain/escalation/incident.ts';
import { cut, onOneLine, printable } from '../../domain/paging/page-words.ts';
import { alertCommands } from './alerts-of-incident.ts';
import { shortId } from './short-id.ts';
import { type Style, clock, columns, moment, span } from './style.ts';

const TITLE_MAX = 60;
const RECEIPT_MAX = 100;

/** How each verb is typed. */
const TYPED: Readonly<Record<IncidentVerb, string>> = {
  acknowledge: 'ack',
  unacknowledge: 'unack',
  resolve: 'resolve',
  reassign: 'reassign',
  snooze: 'snooze',
  escalate_now: 'escalate',
  change_policy: 'move',
  add_note: 'note',
};

/** All that is known of one incident. Texts of others can do nothing to the terminal. */
export function renderIncident(view: IncidentView, nowMs: number, style: Style): string {
  const { id, severity, title, status, text, ledger, ledgerDropped } = view;
  const may = mayArrive(view);
  const dropped = ledgerDropped === 0 ? [] : [`  … and ${ledgerDropped} before`];
  const timeline = view.timeline.map(
    ({ atMs, text: said }) => `  ${renderSaid(atMs, said, style)}`,
  );
  const parts = [
    `${style.strong(`${severity.toUpperCase()} ${onOneLine(title)}`)}  ${toned(status, style)}`,
    columns(factsOf(view, nowMs)),
    indented(printable(text)),
    listed(
      'warnings',
      view.warnings.map((one) => `  ${onOneLine(one)}`),
    ),
    listed('paged', ledger.length === 0 ? ['  nobody yet'] : [...dropped, renderLedger(ledger)]),
    listed(
      'may still arrive: handed to its channel before',
      may.map((one) => `  ${one}`),
    ),
    listed('timeline', timeline),
    listed(
      'next',
      [
        ...nextOf(view).map((one) => `incident ${one.replace('ID', shortId(id))}`),
        ...alertCommands(view),
      ].map((one) => `  belay ${one}`),
    ),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** One entry of a timeline. */
export function renderSaid(atMs: number, text: string, style: Style): string {
  return `${style.faint(moment(atMs))}  ${onOneLine(text)}`;
}

export function renderIncidents(
  summaries: readonly (IncidentSummary & { readonly view: IncidentView | undefined })[],
  nowMs: number,
): string {
  if (summaries.length === 0) return 'no incident is open\n';
  const rows = summaries.map(({ id, severity, openedAtMs, isOpen, title, view }) => [
    shortId(id),
    severity,
    view === undefined ? (isOpen ? 'open' : 'ended') : standing(view),
    `${span(nowMs - openedAtMs)} ago`,
    cut(onOneLine(view?.title ?? title), TITLE_MAX),
  ]);
  const unknown = summaries.some(({ isOpen, view }) => isOpen && view === undefined);
  const note = unknown ? 'note: of those that are just "open" no worker has said more\n' : '';
  return `${columns([['incident', 'severity', 'status', 'opened', 'title'], ...rows])}\n${note}`;
}

function standing({
  status,
  level,
  levels,
  acknowledgedBy,
  resolvedBy,
  quietUntilMs,
}: IncidentView) {
  switch (status) {
    case 'triggered':
      return quietUntilMs === null
        ? `level ${level} of ${levels}`
        : `snoozed until ${clock(quietUntilMs)}`;
    case 'acknowledged':
      return `acknowledged by ${onOneLine(acknowledgedBy?.by ?? '')}`;
    case 'resolved':
      return `resolved by ${onOneLine(resolvedBy?.by ?? '')}`;
    case 'never_acknowledged':
      return 'never acknowledged';
    default:
      return status satisfies never;
  }
}

function factsOf(view: IncidentView, nowMs: number): readonly (readonly string[])[] {
  const { id, who, source, policy, openedAtMs, acknowledgedBy, resolvedBy } = view;
  const facts: string[][] = [
    ['incident', id],
    ['opened', `${moment(openedAtMs)} (${span(nowMs - openedAtMs)} ago) by ${onOneLine(who)}`],
    ['source', onOneLine(source)],
    ['policy', policy],
    ['level', `${view.level} of ${view.levels}, round ${view.round}`],
  ];
  if (view.status === 'triggered') facts.push(['next', nextPages(view, nowMs)]);
  if (acknowledgedBy !== null) facts.push(['acknowledged', handled(acknowledgedBy)]);
  if (view.status === 'acknowledged' && view.quietUntilMs !== null) {
    facts.push(['pages again', `${moment(view.quietUntilMs)}, unless it is resolved by then`]);
  }
  if (resolvedBy !== null) facts.push(['resolved', handled(resolvedBy)]);
  const labels = Object.entries(view.labels).map(([name, value]) => `${name}=${value}`);
  if (labels.length > 0) facts.push(['labels', onOneLine(labels.join(' '))]);
  for (const { text, url } of view.links) facts.push(['link', onOneLine(`${text} ${url}`)]);
  return facts;
}

function nextPages({ quietUntilMs, nextAtMs, level, levels }: IncidentView, nowMs: number): string {
  if (quietUntilMs !== null) return `snoozed: nobody is paged until ${moment(quietUntilMs)}`;
  if (nextAtMs === null) return 'a level is being paged now';
  const what = level < levels ? `level ${level + 1} begins` : 'the next round, or nobody answered';
  return `${what} at ${moment(nextAtMs)}, in ${span(nextAtMs - nowMs)}`;
}

function handled({ by, why, atMs }: NonNullable<IncidentView['acknowledgedBy']>): string {
  return `by ${onOneLine(by)} at ${moment(atMs)}: ${onOneLine(why)}`;
}

function renderLedger(ledger: readonly LedgerEntry[]): string {
  const rows = ledger.map((entry) => [
    `  ${clock(entry.sinceMs)}`,
    entry.level === 0 ? entry.purpose.replaceAll('_', ' ') : levelOf(entry),
    entry.person ?? '-',
    entry.channel,
    entry.state.replaceAll('_', ' '),
    triesOf(entry.attempts),
    proofOf(entry),
  ]);
  const titles = [
    '  since',
    'why',
    'who',
    'channel',
    'state',
    'tries',
    'receipt, or what went wrong',
  ];
  return columns([titles, ...rows]);
}

function levelOf({ purpose, round, level }: LedgerEntry): string {
  const at = `level ${level}${round > 1 ? `, round ${round}` : ''}`;
  return purpose === 'level' ? at : `${purpose} of ${at}`;
}

function triesOf(attempts: readonly Attempt[]): string {
  const last = attempts.at(-1);
  return last === undefined ? '-' : String(last.attempt);
}

function proofOf({ receipt, attempts }: LedgerEntry): string {
  return cut(onOneLine(receipt ?? attempts.at(-1)?.text ?? ''), RECEIPT_MAX);
}

/** What nobody wants any more, but has been handed out and not been heard of. */
function mayArrive({ status, ledger }: IncidentView): readonly string[] {
  if (status === 'triggered') return [];
  return ledger
    .filter(({ state }) => state === 'sending')
    .map(({ person, channel, key }) => `${person ?? 'channel'} by ${channel} (${key})`);
}

function nextOf({ verbs }: IncidentView): readonly string[] {
  const why = '--why "…"';
  const details: Partial<Record<IncidentVerb, string>> = {
    reassign: ' NAME',
    snooze: ' 30m',
    change_policy: ' POLICY',
    add_note: ' "…"',
  };
  return verbs.map((verb) => {
    const tail = verb === 'add_note' ? '' : ` ${why}`;
    return `${TYPED[verb]} ID${details[verb] ?? ''}${tail}`;
  });
}

function toned(status: IncidentStatus, style: Style): string {
  const word = status.replaceAll('_', ' ');
  if (status === 'resolved') return style.good(word);
  return status === 'acknowledged' ? style.waiting(word) : style.bad(word);
}

function listed(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${title}\n${lines.join('\n')}`;
}

function indented(text: string): string {
  return text === '' ? '' : text.replaceAll(/^/gm, '  ');
}
