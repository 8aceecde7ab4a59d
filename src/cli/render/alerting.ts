import type { Configuration } from '../../domain/alerting/alerting-file.ts';
import type { InhibitRule, Receiver } from '../../domain/alerting/alerting.schema.ts';
import { destinationText } from '../../domain/alerting/group-key.ts';
import { formatMatchers } from '../../domain/alerting/matcher.ts';
import { destinationsOf } from '../../domain/alerting/routing.ts';
import type { ScenarioResult } from '../../domain/alerting/run-scenario.ts';
import { type Problem, formatProblem } from '../../domain/document/problem.ts';
import { formatDuration } from '../../domain/quantity.ts';
import { type Style, columns } from './style.ts';

/** What a valid alerting file means, with notes of what is hardly meant. */
export function renderAlerting(configuration: Configuration, notes: readonly Problem[]): string {
  const { routes, receivers, timeIntervals, inhibitRules, heartbeats } = configuration;
  const list = (name: string, all: readonly string[]): readonly (readonly string[])[] =>
    all.map((text, at) => [at === 0 ? name : '', text]);
  const rows = [
    ['routes', `${routes.length}, what none of them takes goes to ${routes[0]?.receiver ?? ''}`],
    ...list('receivers', Object.entries(receivers).map(receiverText)),
    ...list('times', Object.keys(timeIntervals)),
    ...list('inhibition', inhibitRules.map(ruleText)),
    ...list(
      'heartbeats',
      Object.entries(heartbeats).map(
        ([name, { withinMs }]) => `${name}: a signal at least every ${formatDuration(withinMs)}`,
      ),
    ),
    ['over after', `${formatDuration(configuration.resolveTimeoutMs)} without a message`],
  ];
  const noted = notes.map((one) => `note: ${formatProblem(one)}`);
  return `${[columns(rows), ...noted].join('\n')}\n`;
}

function receiverText([name, receiver]: readonly [string, Receiver]): string {
  const to = destinationsOf(receiver).map(destinationText);
  const silent = receiver.sendResolved ? '' : ', not told of what is resolved';
  return `${name}: ${to.length === 0 ? 'pages nobody' : to.join(', ')}${silent}`;
}

function ruleText({ source, target, equal }: InhibitRule): string {
  const where = equal.length === 0 ? '' : ` of the same ${equal.join(', ')}`;
  return `${formatMatchers(source)} keeps ${formatMatchers(target)}${where} quiet`;
}

/** A file of scenarios with what came of each, or what is wrong with it. */
export type PlayedFile =
  | {
      readonly kind: 'played';
      readonly file: string;
      readonly results: readonly ScenarioResult[];
    }
  | { readonly kind: 'invalid'; readonly file: string; readonly problems: readonly Problem[] };

/** Each scenario with what differs; what was sent is shown where something does. */
export function renderPlayed(files: readonly PlayedFile[], style: Style): string {
  const lines = files.flatMap((one) =>
    one.kind === 'invalid' ? [] : [one.file, ...one.results.flatMap((of) => resultText(of, style))],
  );
  return [...lines, endText(files), ''].join('\n');
}

/** Nothing is said to be as expected that has not been played. */
function endText(files: readonly PlayedFile[]): string {
  const results = files.flatMap((one) => (one.kind === 'played' ? one.results : []));
  const differ = results.filter(({ hasPassed }) => !hasPassed).length;
  const count = `${results.length} scenario${results.length === 1 ? '' : 's'}`;
  const wrong = files.filter(({ kind }) => kind === 'invalid').length;
  if (wrong === 0) return `${count}, ${differ === 0 ? 'all' : `${differ} not`} as expected`;
  const unplayed =
    wrong === 1 ? '1 file is wrong and was not' : `${wrong} files are wrong and were not`;
  if (results.length === 0) return `${unplayed} played`;
  return `${count}${differ === 0 ? '' : `, ${differ} not`} as expected; ${unplayed} played`;
}

function resultText(result: ScenarioResult, style: Style): readonly string[] {
  const { name, hasPassed, missing, unexpected, found } = result;
  if (hasPassed) return [`  ${style.good('ok')}      ${name}`];
  const part = (title: string, all: readonly string[]): readonly string[] =>
    all.length === 0 ? [] : [`    ${title}`, ...all.map((one) => `      ${one}`)];
  return [
    `  ${style.bad('differs')} ${name}`,
    ...part('expected, and did not come:', missing),
    ...part('came, and was not expected:', unexpected),
    ...part('all that was sent:', found.length === 0 ? ['nothing'] : found),
  ];
}
