import { expect, test } from 'vitest';
import { type Alert, received } from '../../../src/domain/alerting/alert.ts';
import { fingerprint } from '../../../src/domain/alerting/fingerprint.ts';
import {
  type LastMessage,
  CLOCKS_APART_MS,
  askedForEnd,
  deliverMessage,
  forgotten,
  noteMessage,
} from '../../../src/domain/alerting/last-message.ts';
import { newShard, step } from '../../../src/domain/alerting/shard.ts';
import { configuration } from './configurations.ts';

const NOW = 1_795_000_000_000;
const MINUTE = 60_000;
const LABELS = { alertname: 'Down' };
const END = NOW + 5 * MINUTE;

const firing = (atMs: number, annotations = {}): Alert =>
  received({ labels: LABELS, annotations, startsAtMs: NOW }, atMs, 5 * MINUTE);
const over = (atMs: number): Alert =>
  received({ labels: LABELS, startsAtMs: NOW, endsAtMs: atMs }, atMs, 5 * MINUTE);

const fires = deliverMessage(undefined, firing(NOW), NOW);
const ended = deliverMessage(fires, over(NOW + MINUTE), NOW + MINUTE);
const asked = askedForEnd(fires, END);
const underWay = noteMessage(fires, over(NOW + 1), NOW + 1).row;

test.each<[string, LastMessage | undefined, Alert, boolean]>([
  ['nothing is known of it', undefined, firing(NOW), true],
  ['nothing is known of it, and it is over', undefined, over(NOW), true],
  ['it fires still', fires, firing(NOW + 1), false],
  ['it says other words', fires, firing(NOW + 1, { summary: 'b' }), true],
  ['it is over', fires, over(NOW + 1), true],
  ['it is over still', ended, over(NOW + 2 * MINUTE), false],
  ['it fires anew', ended, firing(NOW + 2 * MINUTE), true],
  ['its end is near', fires, firing(END - CLOCKS_APART_MS), true],
  ['its end is not near', fires, firing(END - CLOCKS_APART_MS - 1), false],
  ['a shard may take it for over', asked, firing(NOW + MINUTE), true],
  ['that it is over is on its way', underWay, firing(NOW + 2), true],
  ['a shard had no room for it', forgotten(fires, NOW), firing(NOW + 1), true],
  ['a shard had no room for it, and it is over', forgotten(ended, NOW), over(NOW + MINUTE), false],
])('when %s, a message is news or not', (_name, row, message, isNews) => {
  expect(noteMessage(row, message, message.updatedAtMs).isNews).toBe(isNews);
});

test.each<[string, LastMessage | undefined]>([
  ['new', undefined],
  ['known', fires],
  ['on its way', underWay],
])(
  'one that is %s, and refused before its delivery is told, stays news until a later one',
  (_name, row) => {
    // The clock of the shard's worker is as late as it may be, that of ingest is not.
    const refused = forgotten(row, NOW + MINUTE - CLOCKS_APART_MS);
    const told = deliverMessage(refused, firing(NOW + MINUTE, { summary: 'b' }), NOW + MINUTE);
    const next = firing(NOW + 2 * MINUTE, { summary: 'b' });
    expect(noteMessage(told, next, NOW + 2 * MINUTE).isNews).toBe(true);
    const after = deliverMessage(told, next, NOW + 2 * MINUTE);
    expect(noteMessage(after, next, NOW + 2 * MINUTE).isNews).toBe(false);
  },
);

test('what is noted moves the end, what is news does not', () => {
  expect(noteMessage(fires, firing(NOW + 9), NOW + 9).row?.alert?.endsAtMs).toBe(END + 9);
  expect(underWay?.alert?.endsAtMs).toBe(END);
  expect(noteMessage(undefined, firing(NOW), NOW).row).toBeUndefined();
});

test.each([
  ['the message that was handed over', asked, firing(END + 1), null],
  ['one from before it was asked for', asked, firing(END - 1), END],
  ['one that is over', fires, over(NOW + 7), NOW + 8],
])('after %s was delivered, the mark is right', (_name, row, message, mark) => {
  expect(deliverMessage(row, message, END + 1).newsUntilMs).toBe(mark);
});

const CLOCKS = { isIn: () => false, changesAt: () => Infinity };
const SHARD = {
  ...{ shard: 0, shards: 1, version: 1, bytesLimit: 1_000_000 },
  configuration: configuration(
    'receivers: { r: { channels: [c] } }\nroute: { receiver: r, group_by: [alertname] }',
  ),
};
const KEY = fingerprint(LABELS);

test('a shard that takes a message late asks for its end, and again if the answer is old', () => {
  const alerts = [{ alert: firing(NOW), groups: null, stays: [] }];
  const late = END + MINUTE;
  const taken = step(
    newShard(SHARD, late, CLOCKS),
    { kind: 'alerts', version: 1, alerts },
    late,
    CLOCKS,
  );
  expect(taken.outcome.ask).toEqual([{ kind: 'alert', fingerprint: KEY }]);
  const seen = {
    kind: 'alert',
    fingerprint: KEY,
    endsAtMs: late + MINUTE,
    askedAtMs: late,
  } as const;
  const answeredLate = late + 2 * MINUTE;
  const told = step(taken.state, { kind: 'seen', seen: [seen] }, answeredLate, CLOCKS);
  expect(told.state.alerts.get(KEY)?.isEnded).toBe(false);
  const later = step(told.state, { kind: 'time' }, answeredLate + MINUTE, CLOCKS);
  expect(later.outcome.ask).toEqual([{ kind: 'alert', fingerprint: KEY }]);
  const again = { ...seen, askedAtMs: answeredLate + MINUTE };
  const end = step(later.state, { kind: 'seen', seen: [again] }, answeredLate + MINUTE, CLOCKS);
  expect(end.state.alerts.get(KEY)?.isEnded ?? true).toBe(true);
});
