import { InvalidArgumentError } from 'commander';

/** Labels of the command line, by their names. */
export type GivenLabels = ReadonlyMap<string, string>;

/** One more label of an alert; whoever writes a matcher instead is told so. */
export function withLabel(text: string, before: GivenLabels | undefined): GivenLabels {
  const at = text.indexOf('=');
  const [name, value] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 1) throw new InvalidArgumentError('A label is written label=value.');
  if (name.endsWith('!') || value.startsWith('~')) {
    throw new InvalidArgumentError('It is a label of an alert, no matcher: write label=value.');
  }
  if (before?.has(name) === true) throw new InvalidArgumentError(`${name} is given twice.`);
  return new Map([...(before ?? []), [name, value]]);
}

/** The same, where the first may be only the value of `alertname`, as for amtool. */
export function withAlertLabel(text: string, before: GivenLabels | undefined): GivenLabels {
  const isName = before === undefined && text !== '' && !text.includes('=');
  return withLabel(isName ? `alertname=${text}` : text, before);
}

/** One more annotation: any text of a name. */
export function withAnnotation(text: string, before: GivenLabels | undefined): GivenLabels {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('An annotation is written name=text.');
  const name = text.slice(0, at);
  if (before?.has(name) === true) throw new InvalidArgumentError(`${name} is given twice.`);
  return new Map([...(before ?? []), [name, text.slice(at + 1)]]);
}
