import type { LintProblem } from '../../domain/paging/lint/lint-paging.ts';

/** One line a problem, as compilers write them: editors and builds jump to the place. */
export function renderLint(file: string, problems: readonly LintProblem[]): string {
  if (problems.length === 0) return `${file}: every policy pages somebody at every time\n`;
  const lines = problems.map(({ line, column, severity, path, message, rule }) => {
    const where = path === '' ? '' : `${path}: `;
    return `${file}:${line}:${column}: ${severity}: ${where}${message} [${rule}]`;
  });
  const count = (severity: LintProblem['severity']): string => {
    const of = problems.filter((one) => one.severity === severity).length;
    return `${of} ${severity}${of === 1 ? '' : 's'}`;
  };
  return `${lines.join('\n')}\n${count('error')}, ${count('warning')}\n`;
}
