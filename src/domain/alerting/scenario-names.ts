import type { Found } from '../document/issues.ts';
import { nearest } from '../document/nearest.ts';
import type { Configuration } from './alerting-file.ts';
import { fingerprint } from './fingerprint.ts';
import { type Labels, formatLabels, labelOf } from './labels.ts';
import type { Scenario, Step } from './scenario.schema.ts';

type Path = Found['path'];

/** So many names are listed where none is near. */
const KNOWN_MAX = 20;

/** What the steps so far have made, which those after them may name. */
interface Made {
  readonly silences: string[];
  /** Fingerprints. */
  readonly fired: Set<string>;
  /** The first alert of each alertname. */
  readonly byName: Map<string, Labels>;
}

/** What the alerting files of a scenario have. */
interface Known {
  /** As they are told: `alerting.yaml`, `a.yaml or b.yaml`. */
  readonly files: string;
  readonly heartbeats: readonly string[];
  readonly channels: readonly string[];
}

/**
 * What steps name and is nowhere: such a step would do nothing, and its scenario prove nothing.
 * `files`: the alerting file and those that are reloaded, by their paths.
 */
export function unknownNames(
  scenario: Scenario,
  path: Path,
  alerting: string,
  files: Readonly<Record<string, Configuration>>,
): readonly Found[] {
  const reloads = scenario.steps.flatMap(({ reload }) => reload ?? []);
  const known = knownIn(distinct([alerting, ...reloads]), files);
  const made: Made = { silences: [], fired: new Set(), byName: new Map() };
  return scenario.steps.flatMap((step, index) => {
    const here = [...path, 'steps', index];
    const found = [
      ...(known === null ? [] : unknownInFiles(step, here, known)),
      ...unknownSilence(step, here, made.silences),
      ...neverFired(step, here, made),
    ];
    note(step, made);
    return found;
  });
}

/**
 * Of all files that the scenario loads, as nobody stops sending at a reload; null where one of them
 * is wrong, which has been told.
 */
function knownIn(
  paths: readonly string[],
  files: Readonly<Record<string, Configuration>>,
): Known | null {
  const loaded = paths.flatMap((one) => files[one] ?? []);
  if (loaded.length < paths.length) return null;
  return {
    files: paths.join(' or '),
    heartbeats: distinct(loaded.flatMap(({ heartbeats }) => Object.keys(heartbeats))),
    channels: distinct(
      loaded.flatMap(({ receivers }) => Object.values(receivers).flatMap((one) => one.channels)),
    ),
  };
}

function unknownInFiles({ beat, fail }: Step, path: Path, known: Known): readonly Found[] {
  if (beat !== undefined && !known.heartbeats.includes(beat)) {
    const message = `there is no heartbeat ${beat} in ${known.files}`;
    return [{ path: [...path, 'beat'], message: message + instead(beat, known.heartbeats) }];
  }
  if (fail !== undefined && !known.channels.includes(fail.channel)) {
    const message = `no receiver has a channel ${fail.channel} in ${known.files}`;
    const hint = instead(fail.channel, known.channels);
    return [{ path: [...path, 'fail', 'channel'], message: message + hint }];
  }
  return [];
}

function unknownSilence(
  { silence, expire }: Step,
  path: Path,
  before: readonly string[],
): readonly Found[] {
  if (silence !== undefined && before.includes(silence.name)) {
    const message = `a step before has a silence ${silence.name}: give this one another name`;
    return [{ path: [...path, 'silence', 'name'], message }];
  }
  if (expire === undefined || before.includes(expire)) return [];
  const message = `no step before has a silence ${expire}${instead(expire, before)}`;
  return [{ path: [...path, 'expire'], message }];
}

function neverFired({ resolve = [] }: Step, path: Path, made: Made): readonly Found[] {
  return resolve.flatMap((labels, at) => {
    if (made.fired.has(fingerprint(labels))) return [];
    const same = made.byName.get(labelOf(labels, 'alertname'));
    const hint =
      same === undefined
        ? 'fire it in a step before, or take this away'
        : `did you mean ${formatLabels(same)}?`;
    const message = `no step before fires ${formatLabels(labels)}: ${hint}`;
    return [{ path: [...path, 'resolve', at], message }];
  });
}

function note({ silence, fire = [] }: Step, { silences, fired, byName }: Made): void {
  if (silence !== undefined) silences.push(silence.name);
  for (const { labels } of fire) {
    fired.add(fingerprint(labels));
    const name = labelOf(labels, 'alertname');
    if (!byName.has(name)) byName.set(name, labels);
  }
}

function instead(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  if (near !== undefined) return `: did you mean ${near}?`;
  if (known.length === 0) return '';
  const more = known.length > KNOWN_MAX ? ', …' : '';
  return `; known here: ${known.slice(0, KNOWN_MAX).join(', ')}${more}`;
}

function distinct(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}
