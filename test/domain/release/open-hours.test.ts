import { expect, test } from 'vitest';
import { DAYS, gateTime } from '../../../src/domain/release/gate-time.schema.ts';
import { openHours } from '../../../src/domain/release/open-hours.ts';

test.each([
  ['09:00-17:00', ['tue', 'mon'], '09:00-17:00 Europe/Berlin on mon, tue'],
  ['22:30-04:05', [...DAYS], '22:30-04:05 Europe/Berlin'],
  ['00:00-24:00', ['sat'], '00:00-24:00 Europe/Berlin on sat'],
])('%s on %j is told as it is written', (between, days, text) => {
  expect(openHours(gateTime.parse({ between, timezone: 'Europe/Berlin', days }))).toBe(text);
});
