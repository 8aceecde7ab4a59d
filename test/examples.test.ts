import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { missingInPaging, remarksOnAlerting } from '../src/domain/alerting/alerting-remarks.ts';
import { readAlerting } from '../src/domain/alerting/alerting-file.ts';
import { readScenarios } from '../src/domain/alerting/read-scenarios.ts';
import { runScenarios } from '../src/domain/alerting/run-scenario.ts';
import { changesAt, isIn } from '../src/domain/alerting/time-interval.ts';
import { lintPaging } from '../src/domain/paging/lint/lint-paging.ts';
import { requirePaging } from '../src/domain/paging/paging-file.ts';
import { requireRelease } from '../src/domain/release/release-file.ts';
import { releaseSchema } from '../src/domain/release/release.schema.ts';

const FOLDER = new URL('../examples/', import.meta.url);
const PAGING = 'paging.yaml';
const ALERTING = 'alerting.yaml';
const SCENARIOS = 'alerting.test.yaml';
const FILES = readdirSync(FOLDER).filter(
  (name) => name.endsWith('.yaml') && ![PAGING, ALERTING, SCENARIOS].includes(name),
);
const read = (name: string): string => readFileSync(new URL(name, FOLDER), 'utf8');

function release(file: string) {
  return requireRelease({ text: read(file), file, folder: '/srv', version: undefined });
}

describe('an example of a release file', () => {
  test.each(FILES)('%s is valid, and nothing in it is without effect', (file) => {
    expect(release(file).remarks).toEqual([]);
  });

  test('is there for every strategy', () => {
    const shown = new Set(FILES.map((file) => release(file).spec.strategy));
    expect([...shown].toSorted()).toEqual(releaseSchema.shape.strategy.options.toSorted());
  });

  test.each(FILES.filter((file) => file !== 'release.yaml'))(
    '%s is the one that the page about strategies shows',
    (file) => {
      const page = readFileSync(new URL('../docs/strategies.md', import.meta.url), 'utf8');
      const [, ...lines] = read(file).split('\n');
      expect(page).toContain(`\`\`\`yaml\n${lines.join('\n')}\`\`\``);
    },
  );
});

describe('the example of a paging file', () => {
  const source = { text: read(PAGING), file: PAGING, readFile: () => '' };

  test.each(['2026-01-05T09:00:00Z', '2026-10-24T22:00:00Z', '2029-06-01T00:00:00Z'])(
    'pages somebody at every time, as seen from %s',
    (at) => {
      expect(lintPaging(source, Date.parse(at))).toEqual([]);
    },
  );

  test('is the one that the page about escalation shows', () => {
    const page = readFileSync(new URL('../docs/escalation.md', import.meta.url), 'utf8');
    const [, ...lines] = source.text.split('\n');
    expect(page).toContain(`\`\`\`yaml\n${lines.join('\n')}\`\`\``);
  });
});

describe('the example of an alerting file', () => {
  const page = readFileSync(new URL('../docs/alerting.md', import.meta.url), 'utf8');

  test('is valid by the paging file beside it, and nothing in it is without effect', () => {
    const file = readAlerting({ text: read(ALERTING), file: ALERTING });
    if (file.kind === 'invalid') throw new Error(JSON.stringify(file.problems));
    const paging = requirePaging({ text: read(PAGING), file: PAGING, readFile: () => '' });
    const names = {
      channels: Object.keys(paging.channels),
      policies: Object.keys(paging.policies),
    };
    expect(missingInPaging(file.configuration, names)).toEqual([]);
    expect(remarksOnAlerting(file.configuration)).toEqual([]);
  });

  test('pages whom its scenarios expect', () => {
    const file = readScenarios({ text: read(SCENARIOS), file: SCENARIOS }, read);
    if (file.kind === 'invalid') throw new Error(JSON.stringify(file.problems));
    const results = runScenarios(file.value, { isIn, changesAt });
    expect(results.length).toBeGreaterThan(3);
    expect(results.filter(({ hasPassed }) => !hasPassed)).toEqual([]);
  });

  test.each([ALERTING, SCENARIOS])('%s is the one that the page about alerting shows', (file) => {
    const [, ...lines] = read(file).split('\n');
    expect(page).toContain(`\`\`\`yaml\n${lines.join('\n')}\`\`\``);
  });
});
