import { readFileSync, readdirSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import {
  alertingJsonSchema,
  scenariosJsonSchema,
} from '../src/domain/alerting/json-schema.schema.ts';
import { pagingJsonSchema } from '../src/domain/paging/json-schema.schema.ts';
import { releaseJsonSchema } from '../src/domain/release/json-schema.schema.ts';

const ROOT = new URL('../', import.meta.url);
const jsonOf = (name: string): unknown => JSON.parse(readFileSync(new URL(name, ROOT), 'utf8'));

test.each([
  ['release', releaseJsonSchema],
  ['paging', pagingJsonSchema],
  ['alerting', alertingJsonSchema],
  ['scenarios', scenariosJsonSchema],
])('the published schema of a %s file is the one that files are read by', (name, schema) => {
  // When this fails: npm run schema
  expect(jsonOf(`schema/${name}.schema.json`)).toEqual(JSON.parse(JSON.stringify(schema())));
});

test('the package gives all schemas out', () => {
  expect(jsonOf('package.json')).toMatchObject({
    exports: {
      './schema/release.schema.json': './schema/release.schema.json',
      './schema/paging.schema.json': './schema/paging.schema.json',
      './schema/alerting.schema.json': './schema/alerting.schema.json',
      './schema/scenarios.schema.json': './schema/scenarios.schema.json',
    },
  });
});

/** By the published file and a validator of others: as an editor or a build looks at a file. */
function validatorOf(name: 'release' | 'paging' | 'alerting' | 'scenarios'): ValidateFunction {
  const schema = jsonOf(`schema/${name}.schema.json`);
  if (typeof schema !== 'object' || schema === null) throw new Error('it is no schema');
  return new Ajv2020({
    allowUnionTypes: true,
    formats: {
      uri: (text: string) => URL.canParse(text),
      'date-time': (text: string) => !Number.isNaN(Date.parse(text)),
    },
  }).compile(schema);
}

const example = (name: string): string => readFileSync(new URL(`examples/${name}`, ROOT), 'utf8');

/** The text with one part written differently, as a document. */
function changed(text: string, before: string, after: string): unknown {
  expect(text.split(before)).toHaveLength(2);
  return parse(text.replace(before, after));
}

const PAGING = ['paging.yaml', 'docker/paging.yaml'];
const ALERTING = ['alerting.yaml'];
const SCENARIOS = ['alerting.test.yaml'];
const RELEASES = [
  ...readdirSync(new URL('examples/', ROOT)).filter(
    (name) => name.endsWith('.yaml') && !/^(?:paging|alerting)\./.test(name),
  ),
  'docker/release.yaml',
];

describe.each([
  ['paging', PAGING],
  ['release', RELEASES],
  ['alerting', ALERTING],
  ['scenarios', SCENARIOS],
] as const)('the published schema of a %s file', (name, files) => {
  const validate = validatorOf(name);

  test.each(files)('takes examples/%s', (file) => {
    validate(parse(example(file)));
    expect(validate.errors).toBe(null);
  });

  test.each([
    ['nothing', null],
    ['a list', []],
    ['an empty file', {}],
  ])('refuses %s', (_, document) => {
    expect(validate(document)).toBe(false);
  });
});

test.each([
  ['an unknown key', 'teams:', 'groups:', ''],
  ['a channel of no kind', 'type: pagerduty', 'type: pigeon', '/channels/ada-pager'],
  ['an unknown key of a channel', 'signing_secret:', 'signing:', '/channels/ops-slack'],
  [
    'a channel without its secret',
    'routing_key: { file: /run/secrets/ada-pagerduty }',
    '',
    '/channels/ada-pager',
  ],
  [
    'a secret at no absolute path',
    'file: /run',
    'file: run',
    '/channels/ada-pager/routing_key/file',
  ],
  ['a wait that is no duration', 'wait: 10m', 'wait: soon', '/policies/checkout/levels/1/wait'],
  [
    'a target of no kind',
    '{ person: cy }] }\n    repeat',
    '{ pet: cy }] }\n    repeat',
    '/policies/checkout/levels/2/targets/0',
  ],
  ['too many rounds', 'repeat: 3', 'repeat: 101', '/policies/checkout/overrides/1/repeat'],
  ['no last resort', 'last_resort: [ops-mail]', '', ''],
])(
  'the published schema of a paging file refuses %s, and says where',
  (_, before, after, place) => {
    const validate = validatorOf('paging');
    expect(validate(changed(example('paging.yaml'), before, after))).toBe(false);
    expect(validate.errors?.map(({ instancePath }) => instancePath)).toContain(place);
  },
);

test.each([
  ['an unknown key', 'stabilization_period:', 'stabilisation_period:', ''],
  ['no strategy of these', 'strategy: blue_green', 'strategy: purple', '/strategy'],
  ['traffic of no kind', 'kind: embedded', 'kind: pigeon', '/traffic'],
])(
  'the published schema of a release file refuses %s, and says where',
  (_, before, after, place) => {
    const validate = validatorOf('release');
    expect(validate(changed(example('release.yaml'), before, after))).toBe(false);
    expect(validate.errors?.map(({ instancePath }) => instancePath)).toContain(place);
  },
);

test.each([
  ['an unknown key', 'inhibit_rules:', 'inhibition_rules:', ''],
  ['an unknown key of a route', 'on_alert: rollback', 'alert: rollback', '/route/routes/0'],
  [
    'nothing of these for a release',
    'on_alert: rollback',
    'on_alert: run',
    '/route/routes/0/on_alert',
  ],
  ['a storm of none', 'above: 50', 'above: 0', '/route/routes/0/storm/above'],
  [
    'a wait that is no duration',
    'group_wait: 5m',
    'group_wait: soon',
    '/route/routes/1/group_wait',
  ],
  ['a heartbeat without its time', 'within: 10m, ', '', '/heartbeats/prometheus'],
])(
  'the published schema of an alerting file refuses %s, and says where',
  (_, before, after, place) => {
    const validate = validatorOf('alerting');
    expect(validate(changed(example('alerting.yaml'), before, after))).toBe(false);
    expect(validate.errors?.map(({ instancePath }) => instancePath)).toContain(place);
  },
);
