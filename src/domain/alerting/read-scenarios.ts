import type { Found } from '../document/issues.ts';
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
import { unknownNames } from './scenario-names.ts';
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
    const wrong = parsed.scenarios.flatMap((scenario, at) => {
      const path = ['scenarios', at];
      const names = unknownNames(scenario, path, parsed.alerting, files);
      return [...wrongTimes(scenario, path), ...names];
    });
    const all = [...found, ...wrong];
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

/** Times that are never reached, or run back. */
function wrongTimes({ steps, until }: Scenario, path: Found['path']): readonly Found[] {
  return steps.flatMap((step, index) => {
    const here = [...path, 'steps', index, 'at'];
    const found: Found[] = [];
    if (step.at < (steps[index - 1]?.at ?? 0)) {
      found.push({ path: here, message: 'is before the step above it: put it in order' });
    }
    if (step.at > until) {
      found.push({ path: here, message: 'is after `until`: it would never happen' });
    }
    return found;
  });
}
