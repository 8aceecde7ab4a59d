/** One thing that is wrong with a file: where, what, and how to mend it. */
export interface Problem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** Keys with dots: `performance_thresholds.max_error_rate`; empty for the whole file. */
  readonly path: string;
  readonly message: string;
}

/** `release.yaml:7:3: performance_thresholds.max_error_rate: 5 is above 1: write 5% …` */
export function formatProblem(problem: Problem): string {
  const { file, line, column, path, message } = problem;
  return `${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`;
}
