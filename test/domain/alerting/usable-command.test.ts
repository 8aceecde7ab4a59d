import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readAlerting } from '../../../src/domain/alerting/alerting-file.ts';
import type { Handed } from '../../../src/domain/alerting/shard-state.ts';
import { usableBatch } from '../../../src/domain/alerting/usable-batch.ts';
import { configurationFault, silenceFault } from '../../../src/domain/alerting/usable-command.ts';

const FILE = new URL('../../../examples/alerting.yaml', import.meta.url);
const read = readAlerting({ text: readFileSync(FILE, 'utf8'), file: 'alerting.yaml' });
if (read.kind === 'invalid') throw new Error(JSON.stringify(read.problems));
const { configuration } = read;
const [root] = configuration.routes;

describe('a configuration from anybody', () => {
  test('is taken where a file makes the same of itself', () => {
    expect(configurationFault(configuration)).toBeNull();
    expect(configurationFault(JSON.parse(JSON.stringify(configuration)))).toBeNull();
  });

  test.each([
    ['nothing', undefined, /has no routes/],
    ['no routes', { ...configuration, routes: [] }, /has no routes/],
    ['a route that leads back up', withRoot({ children: [0] }), /children are not places/],
    ['a route into nowhere', withRoot({ children: [999] }), /children are not places/],
    ['a receiver that is not there', withRoot({ receiver: 'nobody' }), /nobody, which is not/],
    ['a time that is none', withRoot({ groupWaitMs: Number.NaN }), /routes\[0\] is not whole/],
    ['a time before now', withRoot({ repeatIntervalMs: -1 }), /routes\[0\] is not whole/],
    [
      'a pattern that is none',
      withRoot({ matchers: [{ name: 'a', operator: '=~', value: '(' }] }),
      /routes\[0\] is not whole/,
    ],
    ['another verb', withRoot({ onAlert: 'delete' }), /routes\[0\] is not whole/],
    ['a rule without matchers', { ...configuration, inhibitRules: [{}] }, /inhibitRules\[0\]/],
    ['heartbeats that are none', { ...configuration, heartbeats: { a: {} } }, /heartbeats\.a/],
    ['receivers in a list', { ...configuration, receivers: [] }, /receivers is no map/],
  ])('is refused with %s', (_, sent, why) => {
    expect(configurationFault(sent)).toMatch(why);
  });
});

function withRoot(change: object): unknown {
  return { ...configuration, routes: [{ ...root, ...change }, ...configuration.routes.slice(1)] };
}

describe('a silence from anybody', () => {
  const silence = {
    ...{ id: null, matcherSets: [[{ name: 'a', operator: '=', value: 'b' }]] },
    ...{ startsAtMs: 0, endsAtMs: 1000, createdBy: 'ada', comment: 'moving' },
  };

  test('is taken where it is whole', () => {
    expect(silenceFault(silence)).toBeNull();
  });

  test.each([
    ['nothing', null, /no silence/],
    ['no matchers', { ...silence, matcherSets: undefined }, /matcherSets/],
    ['a matcher that is none', { ...silence, matcherSets: [[7]] }, /matcherSets/],
    ['no time', { ...silence, endsAtMs: 'soon' }, /milliseconds/],
    ['nobody', { ...silence, createdBy: 7 }, /texts/],
    ['a number for an id', { ...silence, id: 7 }, /id/],
  ])('is refused with %s', (_, sent, why) => {
    expect(silenceFault(sent)).toMatch(why);
  });
});

describe('a batch from anybody', () => {
  const handed: Handed = {
    alert: {
      ...{ labels: { alertname: 'Down' }, annotations: {}, generatorUrl: null },
      ...{ startsAtMs: 1, endsAtMs: 2, isTimeout: false, updatedAtMs: 1 },
    },
    ...{ groups: null, stays: [] },
  };

  test.each([undefined, null, 7, [], { version: 1 }, { version: 'x', alerts: [] }])(
    '%j holds nothing',
    (sent) => {
      expect(usableBatch(sent)).toMatchObject({ alerts: [], faults: [expect.any(String)] });
    },
  );

  test.each([
    ['null', null],
    ['no alert', { ...handed, alert: undefined }],
    ['labels that are no texts', { ...handed, alert: { ...handed.alert, labels: { a: 1 } } }],
    ['no labels', { ...handed, alert: { ...handed.alert, labels: {} } }],
    ['no annotations', { ...handed, alert: { ...handed.alert, annotations: undefined } }],
    ['a time that is none', { ...handed, alert: { ...handed.alert, endsAtMs: Number.NaN } }],
    ['no time', { ...handed, alert: { ...handed.alert, updatedAtMs: undefined } }],
    ['groups that are none', { ...handed, groups: [{ key: '../../x' }] }],
    ['stays that are none', { ...handed, stays: [{ shard: 0 }] }],
  ])('one with %s is named, and the others are taken', (_, wrong) => {
    const { alerts, faults } = usableBatch({ version: 3, alerts: [wrong, handed] });
    expect(alerts).toEqual([handed]);
    expect(faults).toEqual([expect.stringMatching(/^alerts\[0\] /)]);
  });
});
