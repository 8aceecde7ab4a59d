import { placesIn } from '../../document/place.ts';
import type { Problem } from '../../document/problem.ts';
import { type Paging, type PagingSource, readPaging } from '../paging-file.ts';
import { lintChannels } from './channels.ts';
import { lintCoverage } from './coverage.ts';
import type { Finding } from './finding.ts';
import { lateRules } from './late-rules.ts';
import { personsBehind } from './levels-of.ts';
import { lintReach } from './reach.ts';
import { unreachableLevels } from './unreachable-levels.ts';

export type LintProblem = Problem & Pick<Finding, 'severity' | 'rule'>;

/**
 * Everything that is to be mended in a paging file, in the order of its lines: what it cannot be
 * read for, or else whom its policies would not page from `nowMs` on.
 */
export function lintPaging(source: PagingSource, nowMs: number): readonly LintProblem[] {
  const read = readPaging(source);
  if (read.kind === 'invalid') {
    return read.problems.map((problem) => ({ ...problem, severity: 'error', rule: 'not-valid' }));
  }
  const place = placesIn(source);
  return findingsIn(read.paging, nowMs)
    .map((finding) => {
      const { severity, rule } = finding;
      return { ...place(finding), severity, rule };
    })
    .toSorted((one, other) => one.line - other.line || one.column - other.column);
}

function findingsIn(paging: Paging, nowMs: number): readonly Finding[] {
  const behind = personsBehind(paging, nowMs);
  return [
    ...unreachableLevels(paging, nowMs),
    ...lintReach(paging, behind),
    ...lintCoverage(paging, nowMs),
    ...lateRules(paging, behind),
    ...lintChannels(paging),
  ];
}
