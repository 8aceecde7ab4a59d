import { formatMatchers } from '../../domain/alerting/matcher.ts';
import { type Silence, stateOf } from '../../domain/alerting/silence.ts';
import { cut, onOneLine } from '../../domain/paging/page-words.ts';
import { fitted } from './fitted.ts';
import { moment, span } from './style.ts';

const ID_LENGTH = 8;
const WHO_MAX = 24;
const MATCHERS_MAX = 60;
const TEXT_MAX = 4000;

/** So much of an id as has to be typed; ids that are names are told whole. */
export function shortSilenceId(id: string, atLeast = 0): string {
  const isRandom = /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(id);
  return onOneLine(isRandom ? id.slice(0, Math.max(ID_LENGTH, atLeast + 4)) : id);
}

/** Those that end first are the first; of those that are over, the last ones. */
export function renderSilences(
  silences: readonly Silence[],
  nowMs: number,
  width: number | undefined,
): string {
  if (silences.length === 0) return 'no such silence\n';
  const rows = silences.map((silence) => [
    shortSilenceId(silence.id),
    stateOf(silence, nowMs),
    untilOf(silence, nowMs),
    cut(onOneLine(silence.createdBy), WHO_MAX),
    `${cut(matchersText(silence), MATCHERS_MAX)}  ${cut(onOneLine(silence.comment), TEXT_MAX)}`,
  ]);
  const titles = ['silence', 'state', 'until', 'by', 'what, and why'];
  return `${fitted([titles, ...rows], width)}\n`;
}

/** What has become of one, and how it is ended. */
export function renderSilence(silence: Silence, nowMs: number): string {
  const { startsAtMs, endsAtMs, id } = silence;
  const matchers = matchersText(silence);
  const lasts = `until ${moment(endsAtMs)}, for ${span(endsAtMs - Math.max(nowMs, startsAtMs))}`;
  switch (stateOf(silence, nowMs)) {
    case 'active':
      return `silence ${onOneLine(id)}\nholds back ${matchers} ${lasts}\n${howToEnd(id)}`;
    case 'pending':
      return (
        `silence ${onOneLine(id)}\nwill hold back ${matchers} from ${moment(startsAtMs)} ${lasts}\n` +
        howToEnd(id)
      );
    case 'expired':
      return `silence ${onOneLine(id)}\nis over since ${moment(endsAtMs)}; it was for ${matchers}\n`;
    default:
      throw new RangeError('a silence has another state');
  }
}

export function matchersText({ matcherSets }: Silence): string {
  return onOneLine(cut(matcherSets.map(formatMatchers).join(' or '), TEXT_MAX));
}

function howToEnd(id: string): string {
  return `end it with: belay silence expire ${shortSilenceId(id)}\n`;
}

function untilOf(silence: Silence, nowMs: number): string {
  const { startsAtMs, endsAtMs } = silence;
  switch (stateOf(silence, nowMs)) {
    case 'active':
      return `in ${span(endsAtMs - nowMs)}`;
    case 'pending':
      return `begins in ${span(startsAtMs - nowMs)}`;
    case 'expired':
      return `${span(nowMs - endsAtMs)} ago`;
    default:
      throw new RangeError('a silence has another state');
  }
}
