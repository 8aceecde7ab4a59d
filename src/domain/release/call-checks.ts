import type { Contradiction } from './release-checks.ts';
import type { ParsedRelease } from './release.schema.ts';

/** Gates and hooks that nobody could tell apart, or that would stand at a moment that never comes. */
export function callContradictions(release: ParsedRelease): readonly Contradiction[] {
  return [
    ...repeated(gateNames(release), 'of another gate or step: a person could not tell them apart'),
    ...repeated(
      release.hooks.map(({ name }, index) => ({ path: ['hooks', index, 'name'], name })),
      'of another hook: its key would be the same',
    ),
    ...doublyNamed(release),
    ...withoutMoment(release),
  ];
}

interface Name {
  readonly path: Contradiction['path'];
  readonly name: string;
}

/** What a person types after approve, reject and extend, in the order of the file. */
function gateNames({ gates, steps = [], promotion }: ParsedRelease): readonly Name[] {
  return [
    ...(promotion === 'manual' ? [{ path: ['promotion'], name: 'promotion' }] : []),
    ...gates.map(({ name }, index) => ({ path: ['gates', index, 'name'], name })),
    ...steps.flatMap((step, index): readonly Name[] => {
      if (step.gate !== undefined) {
        return [{ path: ['steps', index, 'gate', 'name'], name: step.gate.name }];
      }
      return step.name === undefined ? [] : [{ path: ['steps', index, 'name'], name: step.name }];
    }),
  ];
}

function repeated(names: readonly Name[], what: string): readonly Contradiction[] {
  const seen = new Set<string>();
  return names.flatMap(({ path, name }) => {
    if (seen.has(name)) return [{ path, message: `${name} is the name ${what}` }];
    seen.add(name);
    return [];
  });
}

function doublyNamed({ steps = [] }: ParsedRelease): readonly Contradiction[] {
  return steps.flatMap(({ name, gate }, index) =>
    name === undefined || gate === undefined
      ? []
      : [{ path: ['steps', index, 'name'], message: `this step is called ${gate.name} already` }],
  );
}

function withoutMoment({ strategy, gates, hooks }: ParsedRelease): readonly Contradiction[] {
  if (strategy === 'blue_green') return [];
  const message = `validating is a phase of blue_green alone: ${strategy} judges live traffic`;
  return [
    ...gates.flatMap(({ before }, index) =>
      before === 'validating' ? [{ path: ['gates', index, 'before'], message }] : [],
    ),
    ...hooks.flatMap(({ when }, index) => {
      const [side = '', moment] = when.split(' ');
      return moment === 'validating' ? [{ path: ['hooks', index, side], message }] : [];
    }),
  ];
}
