import { expect, test } from 'vitest';
import {
  missingInPaging,
  remarksOnAlerting,
} from '../../../src/domain/alerting/alerting-remarks.ts';
import { type Configuration, readAlerting } from '../../../src/domain/alerting/alerting-file.ts';

function read(text: string): Configuration {
  const file = readAlerting({ text, file: 'alerting.yaml' });
  if (file.kind === 'invalid') throw new Error(JSON.stringify(file.problems));
  return file.configuration;
}

const withRoutes = (routes: string): Configuration =>
  read(`
receivers: { ops: { channels: [ops] } }
route: { receiver: ops, routes: [${routes}] }
`);

test.each([
  ['takes everything', '{}, { matchers: [a=b] }', ['route.routes.1']],
  ['asks for less', '{ matchers: [a=b] }, { matchers: [c=~"d|e", a="b"] }', ['route.routes.1']],
  ['asks for the same', '{ matchers: [a=b] }, { matchers: [a=b] }', ['route.routes.1']],
  ['goes on', '{ continue: true }, { matchers: [a=b] }', []],
  ['asks for more', '{ matchers: [a=b, c=d] }, { matchers: [a=b] }', []],
  ['asks for another', '{ matchers: [a=b] }, { matchers: [a!=b] }', []],
  ['stands elsewhere', '{ matchers: [a=b], routes: [{}] }, { matchers: [c=d] }', []],
  ['is deep', '{ matchers: [a=b], routes: [{}, {}] }', ['route.routes.0.routes.1']],
])('no alert gets to a route where one before it %s', (_, routes, paths) => {
  const found = remarksOnAlerting(withRoutes(routes));
  expect(found.map(({ path }) => path.join('.'))).toEqual(paths);
});

test('the route that takes all is named', () => {
  expect(remarksOnAlerting(withRoutes('{}, {}'))).toEqual([
    {
      path: ['route', 'routes', 1],
      message: 'no alert gets here: route.routes.0 takes all of them, and does not continue',
    },
  ]);
});

const USED = read(`
receivers: { ops: { channels: [ops, mail], policy: p }, silent: {}, spare: { policy: q } }
time_intervals: { used: [], also: [{ years: ['2026'] }], unused: [{}] }
route:
  receiver: ops
  routes:
    - { receiver: silent, matchers: [a=b], mute_time_intervals: [used], active_time_intervals: [also] }
`);

test('receivers and time intervals without a use are told', () => {
  expect(remarksOnAlerting(USED)).toEqual([
    {
      path: ['receivers', 'silent'],
      message: 'has neither channels nor a policy: what it gets pages nobody',
    },
    { path: ['receivers', 'spare'], message: 'no route names it' },
    { path: ['time_intervals', 'used'], message: 'has no entries: it never is' },
    { path: ['time_intervals', 'unused'], message: 'no route names it' },
  ]);
});

test('channels and policies that a paging file does not have are told in their places', () => {
  expect(missingInPaging(USED, { channels: ['ops', 'mail'], policies: ['p', 'q'] })).toEqual([]);
  expect(missingInPaging(USED, { channels: ['mail'], policies: ['p'] })).toEqual([
    { path: ['receivers', 'ops', 'channels', 0], message: 'the paging file has no channel ops' },
    { path: ['receivers', 'spare', 'policy'], message: 'the paging file has no policy q' },
  ]);
});
