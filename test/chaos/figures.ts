/** What became of one release, or of all the requests of a run. */
export interface Row {
  readonly name: string;
  readonly kills: number;
  readonly releases: number;
  readonly ended: number;
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
}

export interface Comparison {
  readonly missing: readonly string[];
  readonly extra: readonly string[];
}

/** In order: what is missing, and what came twice, too early or unasked. */
export function compare(
  what: string,
  expected: readonly string[],
  found: readonly string[],
): Comparison {
  const missing: string[] = [];
  const extra: string[] = [];
  let at = 0;
  for (const one of expected) {
    const place = found.indexOf(one, at);
    if (place < 0) {
      missing.push(`${what} ${one}`);
      continue;
    }
    extra.push(...found.slice(at, place).map((other) => `${what} ${other}`));
    at = place + 1;
  }
  extra.push(...found.slice(at).map((other) => `${what} ${other}`));
  return { missing, extra };
}

/** Requests that nobody answered: lost, whoever was killed meanwhile. */
export function requestsRow(
  name: string,
  { requests, failed, examples }: { requests: number; failed: number; examples: readonly string[] },
): Row {
  return {
    name: `${name}: ${requests} requests of users`,
    kills: 0,
    releases: 0,
    ended: 0,
    lost: Array.from({ length: failed }, (_, at) => `request: ${examples[at] ?? 'like these'}`),
    doubled: [],
  };
}

export function print(row: Row): void {
  const { name, kills, ended, lost, doubled } = row;
  const head = `${name.padEnd(60)} kills ${String(kills).padStart(2)}  ended ${ended}`;
  const text = [
    `${head}  lost ${lost.length}  doubled ${doubled.length}`,
    ...lost.map((one) => `  lost: ${one}`),
    ...doubled.map((one) => `  doubled: ${one}`),
  ].join('\n');
  process.stdout.write(`${text}\n`);
}

/** The figures of a whole run; with `--json` its last line. Fails unless everything is whole. */
export function conclude(rows: readonly Row[]): void {
  const total = (pick: (row: Row) => number): number =>
    rows.reduce((sum, row) => sum + pick(row), 0);
  const releases = total((row) => row.releases);
  const figures = {
    kills: total(({ kills }) => kills),
    ended: total(({ ended }) => ended),
    lost: total(({ lost }) => lost.length),
    doubled: total(({ doubled }) => doubled.length),
  };
  process.stdout.write(
    `${releases} releases, ${figures.kills} kills: ${figures.ended} ended as they should, ` +
      `${figures.lost} effects lost, ${figures.doubled} doubled\n`,
  );
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(figures)}\n`);
  const isWhole = figures.ended === releases && figures.lost === 0 && figures.doubled === 0;
  process.exitCode = isWhole ? 0 : 1;
}
