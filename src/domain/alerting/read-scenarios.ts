import type { Found } from '../document/issues.ts';
import { nearest } from '../document/nearest.ts';
import { formatProblem } from '../document/problem.ts';
import {
  type DocumentForm,
  type DocumentSource,
  type ReadDocument,
  readDocument,
} from '../document/read-document.ts';
import { suggestFrom } from '../document/suggestion.ts';
import { type Configuration, readAlerting } from './alerting-file.ts';
import { scenariosJsonSchema } from './json-schema.schema.ts';
import { type ParsedScenarios, type Scenario, scenarioFile } from './scenario.schema.ts';

/** A file by its path from the folder of the scenarios; throws where it cannot be read. */
export type ReadFile = (path: string) => string;

export interface Scenarios {
  readonly configuration: Configuration;
  /** Those that are reloaded, by their paths. */
  readonly reloads: Readonly<Record<string, Configuration>>;
  readonly scenarios: readonly Scenario[];
}

const SCENARIO_FILE: DocumentForm<typeof scenarioFile> = {
  schema: scenarioFile,
  name: 'a file of scenarios',
  holds: 'the scenarios of one alerting file',
  example: 'alerting: alerting.yaml',
  charactersMax: 1024 * 1024,
  suggest: suggestFrom(scenariosJsonSchema),
};

/** Reads scenarios with the alerting files that they name; every problem is reported at once. */
export function readScenarios(source: DocumentSource, readFile: ReadFile): ReadDocument<Scenarios> {
  return readDocument(source, SCENARIO_FILE, (parsed) => {
    const { files, found } = filesOf(parsed, readFile);
    const all = [...found, ...parsed.scenarios.flatMap(unknownNames)];
    const configuration = files[parsed.alerting];
    if (all.length > 0 || configuration === undefined) return { kind: 'found', found: all };
    return {
      kind: 'valid',
      value: { configuration, reloads: files, scenarios: parsed.scenarios },
    };
  });
}

function filesOf(parsed: ParsedScenarios, readFile: ReadFile) {
  const files: Record<string, Configuration> = {};
  const found: Found[] = [];
  const add = (file: string, path: Found['path']): void => {
    if (Object.hasOwn(files, file)) return;
    let text: string;
    try {
      text = readFile(file);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      found.push({ path, message: `${file} cannot be read: ${why}` });
      return;
    }
    const read = readAlerting({ text, file });
    if (read.kind === 'valid') files[file] = read.configuration;
    else for (const one of read.problems) found.push({ path, message: formatProblem(one) });
  };
  add(parsed.alerting, ['alerting']);
  for (const [at, { steps }] of parsed.scenarios.entries()) {
    for (const [index, { reload }] of steps.entries()) {
      if (reload !== undefined) add(reload, ['scenarios', at, 'steps', index, 'reload']);
    }
  }
  return { files, found };
}

/** Silences that no step before has made, and times that are never reached or run back. */
function unknownNames(scenario: Scenario, at: number): readonly Found[] {
  const found: Found[] = [];
  const silences: string[] = [];
  let lastMs = 0;
  for (const [index, step] of scenario.steps.entries()) {
    const path = ['scenarios', at, 'steps', index];
    if (step.at < lastMs) {
      found.push({
        path: [...path, 'at'],
        message: 'is before the step above it: put it in order',
      });
    }
    if (step.at > scenario.until) {
      found.push({ path: [...path, 'at'], message: 'is after `until`: it would never happen' });
    }
    lastMs = step.at;
    if (step.silence !== undefined) silences.push(step.silence.name);
    if (step.expire === undefined || silences.includes(step.expire)) continue;
    const near = nearest(step.expire, silences);
    const instead = near === undefined ? '' : `: did you mean ${near}?`;
    const message = `no step before has a silence ${step.expire}${instead}`;
    found.push({ path: [...path, 'expire'], message });
  }
  return found;
}
