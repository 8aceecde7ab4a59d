import { expect, test } from 'vitest';
import { configuration } from './configurations.ts';
import { FAR, MINUTE, SECOND, START, TIMES, machines } from './machine.ts';

test('an incident that may have been opened is over with its alert, though that is silenced', () => {
  const file = configuration(
    `receivers: { r: { policy: p } }\nroute: { receiver: r, group_by: [alertname], ${TIMES} }`,
  );
  const world = machines(file, 1);
  const labels = { alertname: 'Down' };
  world.post(file, 1, labels, FAR);
  const nowMs = START + 10 * SECOND;
  world.clock(nowMs);
  const [page] = world.only(0, { kind: 'time' }).pages;
  // As when a silence calls it off while it is told: the activity cannot say whether it was.
  const ended = { hasArrived: false, isCalledOff: true, mayHaveArrived: true };
  const matcher = { name: 'alertname', operator: '=', value: 'Down' } as const;
  world.only(0, {
    kind: 'silences',
    silences: [
      {
        ...{ id: 's', matcherSets: [[matcher]], startsAtMs: nowMs, endsAtMs: FAR },
        ...{ createdBy: 'ada', comment: 'a test', updatedAtMs: nowMs },
      },
    ],
  });
  world.tell(0, { kind: 'paged', pages: [{ key: page?.key ?? '', ...ended }] });
  world.advance(START + MINUTE);
  world.post(file, 1, labels, START + MINUTE);
  world.advance(START + 10 * MINUTE);
  expect(world.pages.map((one) => one.split(' ').at(-1))).toEqual(['all_resolved']);
});
