import { resolve } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { Failure } from '../../domain/failure.ts';
import { type RecordedOptions, judgeRecorded } from '../../domain/judge/offline/judge-recorded.ts';
import type { RecordedVerdict } from '../../domain/judge/offline/recorded-verdict.ts';
import { RECORDING_LIMITS } from '../../domain/judge/offline/recording-rows.ts';
import { requireRecording } from '../../domain/judge/offline/recording.ts';
import { requireRelease } from '../../domain/release/release-file.ts';
import type { CliDeps } from '../deps.ts';
import { renderRecorded, renderTraces } from '../render/judge.ts';
import type { AddCommand } from './command.ts';
import { readSource } from './deploy.ts';

interface Options {
  readonly baseline: string;
  readonly candidate: string;
  readonly version?: string;
  readonly weight?: number;
  readonly method: 'mann_whitney' | 'kayenta';
  readonly direction?: 'increase' | 'decrease' | 'either';
  readonly pass: number;
  readonly marginal: number;
  readonly explain?: boolean;
  readonly json?: boolean;
}

const HELP = `
What a, b and so on hold is told by their content; both arms are of one form:
  CSV, one row a request; errors is 0 or 1; latency_ms is empty where there was no answer
    time,errors,latency_ms
    2026-03-01T10:00:00.120Z,0,41.7
  CSV, one row a block, evenly spaced; latency_ms is the p95 of the block
    time,requests,errors,latency_ms,queue_depth
    1772359200,600,3,118,14
  JSON, the same rows, or values without times
    [{"time": 1772359200, "requests": 600, "errors": 3}]
    {"queue_depth": [14, 15, null, 13]}
  what Prometheus answered to /api/v1/query_range
    {"status":"success","data":{"resultType":"matrix","result":[
      {"metric":{"__name__":"queue_depth"},"values":[[1772359200,"14"]]}]}}
time is ISO 8601 with its zone, or seconds or milliseconds since 1970. An empty cell, null or NaN
is a missing value, never zero. At most 64 MiB and 1,000,000 rows a file.

requests, errors and latency_ms are judged by the release file, and so are columns that it names
under judge.metrics; every other column is a series.

Exit status: 0 pass or warn; 1 fail, no_data or inconclusive; 2 usage, release file or data.

Example:
  $ belay judge release.yaml --baseline a.csv --candidate b.csv --explain
`;

export const addJudge: AddCommand = (program, deps, exit) => {
  program
    .command('judge')
    .argument('<file>', 'release file, YAML or JSON: its limits and its judge block')
    .description('Judge recorded data as a running release would. Connects to nothing.')
    .requiredOption('--baseline <path>', 'what stable did')
    .requiredOption('--candidate <path>', 'what the candidate did')
    .option('--version <version>', 'of the candidate; wins over the one in the file')
    .addOption(
      new Option(
        '--weight <percent>',
        "the candidate's intended share of both arms' requests, to be tested",
      ).argParser(within(1, 99)),
    )
    .addOption(
      new Option('--method <method>', 'of series: the rank test, or a judge like Kayenta')
        .choices(['mann_whitney', 'kayenta'])
        .default('mann_whitney'),
    )
    .addOption(
      new Option(
        '--direction <direction>',
        'of series: the change that is bad; default: either, where the name does not say it',
      ).choices(['increase', 'decrease', 'either']),
    )
    .addOption(
      new Option('--pass <score>', 'with --method kayenta: this score passes')
        .argParser(within(0, 100))
        .default(95),
    )
    .addOption(
      new Option('--marginal <score>', 'with --method kayenta: this score is a warning')
        .argParser(within(0, 100))
        .default(75),
    )
    .option('--explain', 'draw both arms, and the evidence look by look')
    .option('--json', 'one JSON object, in one line, as the last one')
    .addHelpText('after', HELP)
    .action((file: string, options: Options, command) => {
      if (options.marginal > options.pass) {
        command.error('error: --marginal is above --pass');
      }
      exit(judge(file, options, deps));
    });
};

function judge(file: string, options: Options, deps: CliDeps): number {
  const { spec } = requireRelease(readSource(file, options.version, deps));
  const pair = {
    baseline: requireRecording(readRecorded(options.baseline, deps)),
    candidate: requireRecording(readRecorded(options.candidate, deps)),
  };
  const { verdict, traces } = judgeRecorded(pair, spec, optionsOf(options));
  if (options.json !== true) deps.out(renderRecorded(verdict, spec, deps.colors));
  if (options.explain === true) {
    deps.out(renderTraces(traces, { columns: deps.columns, colors: deps.colors }));
  }
  if (options.json === true) deps.out(`${JSON.stringify(verdict)}\n`);
  return statusOf(verdict);
}

function optionsOf({ weight, direction, method, pass, marginal }: Options): RecordedOptions {
  return {
    ...(weight === undefined ? {} : { weightPercent: weight }),
    ...(direction === undefined ? {} : { direction }),
    series: method === 'kayenta' ? { kind: method, pass, marginal } : { kind: method },
  };
}

function statusOf({ kind }: RecordedVerdict): number {
  switch (kind) {
    case 'pass':
    case 'warn':
      return 0;
    case 'fail':
    case 'no_data':
    case 'inconclusive':
      return 1;
    default:
      return kind satisfies never;
  }
}

/** A recording as the user named it. */
function readRecorded(file: string, deps: CliDeps) {
  try {
    return { file, text: deps.readFile(resolve(deps.cwd, file), RECORDING_LIMITS.charactersMax) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure('RecordingInvalid', `${file} cannot be read: ${why}`);
  }
}

function within(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It is a number from ${least} to ${most}.`);
  };
}
