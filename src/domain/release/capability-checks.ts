import { CAPABILITIES } from './capabilities.ts';
import type { Contradiction } from './release-checks.ts';
import type { ParsedRelease } from './release.schema.ts';

type Wanted = 'mirror' | 'affinity' | 'match';

const WORDS = {
  mirror: 'copy requests',
  affinity: 'keep users where they are',
  match: 'tell users apart by header or cookie',
} as const satisfies Record<Wanted, string>;

/** What a file asks of its load balancer that this kind of one cannot do. */
export function capabilityContradictions(release: ParsedRelease): readonly Contradiction[] {
  const { kind } = release.traffic;
  const can = CAPABILITIES[kind];
  return wanted(release)
    .filter(({ what }) => !can[what])
    .map(({ path, what }) => {
      const others = Object.entries(CAPABILITIES)
        .filter(([name, one]) => name !== 'memory' && one[what])
        .map(([name]) => name);
      return { path, message: `${kind} cannot ${WORDS[what]}; ${others.join(' and ')} can` };
    });
}

function wanted(release: ParsedRelease): readonly {
  readonly path: Contradiction['path'];
  readonly what: Wanted;
}[] {
  const { steps = [], strategy, ab_test: test, session_affinity: affinity } = release;
  const ofSteps = steps.flatMap((step, index) => [
    ...(step.mirror === undefined
      ? []
      : [{ path: ['steps', index, 'mirror'], what: 'mirror' as const }]),
    ...(step.match === undefined
      ? []
      : [{ path: ['steps', index, 'match'], what: 'match' as const }]),
    ...(step.session_affinity === undefined
      ? []
      : [{ path: ['steps', index, 'session_affinity'], what: 'affinity' as const }]),
  ]);
  return [
    ...(strategy === 'canary' ? ofSteps : []),
    ...(affinity === undefined ? [] : [{ path: ['session_affinity'], what: 'affinity' as const }]),
    ...(strategy === 'ab_test' && test.match !== undefined
      ? [{ path: ['ab_test', 'match'], what: 'match' as const }]
      : []),
  ];
}
