import { expect, test } from 'vitest';
import { steeringOf } from '../../src/client/steering.ts';
import type { SteerRequest } from '../../src/client/request.ts';
import type { Verb } from '../../src/domain/release/progress.ts';

const BY = { who: 'ada', why: 'numbers are fine', requestId: 'r-1' };

test.each<[Verb, Partial<SteerRequest>, object]>([
  ['pause', {}, BY],
  ['resume', {}, { ...BY, overrideFreeze: false }],
  ['resume', { overrideFreeze: true }, { ...BY, overrideFreeze: true }],
  ['promote', {}, { ...BY, overrideFreeze: false }],
  ['promote_full', { overrideFreeze: true }, { ...BY, overrideFreeze: true }],
  ['step_back', {}, BY],
  ['retry', {}, BY],
  ['abort', { gate: 'go' }, BY],
  ['approve', { gate: 'go' }, { ...BY, gate: 'go' }],
  ['reject', {}, BY],
  ['extend', { step: 'weight-25', byMs: 600_000 }, { ...BY, step: 'weight-25', byMs: 600_000 }],
])('%s with %j carries what it needs and nothing else', (verb, more, sent) => {
  expect(steeringOf(verb, { ...BY, ...more })).toEqual(sent);
});

test('a request without an id of its own has a new one each time', () => {
  const { who, why } = BY;
  const [one, other] = [steeringOf('pause', { who, why }), steeringOf('pause', { who, why })];
  expect(one.requestId).not.toBe(other.requestId);
});

test.each([{}, { step: 'weight-25' }, { byMs: 1000 }])(
  'extend with %j alone is refused',
  (more) => {
    expect(() => steeringOf('extend', { ...BY, ...more })).toThrow('how much longer');
  },
);
