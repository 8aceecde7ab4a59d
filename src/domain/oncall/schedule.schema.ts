import { z } from 'zod';
import { moment, timeZone } from '../release/time-zone.schema.ts';
import { type Tell, spanOf } from './calendar-event.schema.ts';
import { type IcalLayer, type Layer, layerDocument, layerOf } from './layer.schema.ts';
import { NOBODY, person, personOrNobody } from './person.schema.ts';

const LAYERS_MAX = 20;
const OVERRIDES_MAX = 500;
const SWAPS_MAX = 500;

const override = z.strictObject({
  from: moment.describe('Local, or with its offset.'),
  to: moment.describe('When it is over.'),
  person: personOrNobody.describe('Who is on call meanwhile; `nobody`: no one.'),
  replaces: personOrNobody
    .optional()
    .describe('Only this person; `nobody`: in addition to all others. Default: everybody.'),
});

const swap = z.strictObject({
  from: moment.describe('Local, or with its offset.'),
  to: moment.describe('When it is over.'),
  between: z
    .array(person)
    .length(2, 'a swap is between two persons')
    .refine(([one, other]) => one !== other, 'a swap is between two different persons')
    .describe('Each takes the turns of the other.'),
});

interface During {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Somebody else is on call for a while; `person: null` is nobody. */
export type Override = During &
  (
    | { readonly kind: 'replace_all'; readonly person: string | null }
    | { readonly kind: 'replace'; readonly person: string | null; readonly replaces: string }
    | { readonly kind: 'add'; readonly person: string }
  );

/** Each of two persons takes the turns of the other. */
export interface Swap extends During {
  readonly between: readonly [string, string];
}

/** Who is on call when; plain JSON. Of the layers, the last one that has somebody wins. */
export interface Schedule {
  readonly timeZone: string;
  readonly layers: readonly Layer[];
  /** In this order, each on what the one before has left. */
  readonly swaps: readonly Swap[];
  /** After the swaps, in this order. */
  readonly overrides: readonly Override[];
}

/** A schedule as it is written: calendars in files of their own are not read yet. */
export interface WrittenSchedule extends Omit<Schedule, 'layers'> {
  readonly layers: readonly (Layer | IcalLayer)[];
}

/** One entry of `schedules` in a paging file. */
export const schedule = z
  .strictObject({
    time_zone: timeZone.describe('Whose clocks are meant, like Europe/Berlin.'),
    layers: z
      .array(layerDocument)
      .min(1, 'is empty: write at least one layer')
      .max(LAYERS_MAX, `at most ${LAYERS_MAX} layers`)
      .describe('From the weakest to the strongest: the last that has somebody on call wins.'),
    overrides: z
      .array(override)
      .max(OVERRIDES_MAX, `at most ${OVERRIDES_MAX} overrides`)
      .default([])
      .describe('Somebody else for a while.'),
    swaps: z
      .array(swap)
      .max(SWAPS_MAX, `at most ${SWAPS_MAX} swaps`)
      .default([])
      .describe('Two persons take the turns of each other for a while.'),
  })
  .transform((written, context): WrittenSchedule => {
    const tellAt =
      (...place: readonly (string | number)[]): Tell =>
      (path, message) => {
        context.addIssue({ code: 'custom', path: [...place, ...path], message });
      };
    const zone = written.time_zone;
    return {
      timeZone: zone,
      layers: written.layers.flatMap((layer, index) => {
        const read = layerOf(layer, index, zone, tellAt('layers', index));
        return read === undefined ? [] : [read];
      }),
      swaps: written.swaps.flatMap(({ from, to, between: [one, other] }, index) => {
        const during = spanOf(from, to, zone, tellAt('swaps', index));
        if (during === undefined || one === undefined || other === undefined) return [];
        return [{ ...during, between: [one, other] as const }];
      }),
      overrides: written.overrides.flatMap((one, index) =>
        overrideOf(one, zone, tellAt('overrides', index)),
      ),
    };
  });

/** As people write it. */
export type ScheduleDocument = z.input<typeof schedule>;

function overrideOf(
  { from, to, person: name, replaces }: z.output<typeof override>,
  zone: string,
  tell: Tell,
): readonly Override[] {
  const during = spanOf(from, to, zone, tell);
  if (during === undefined) return [];
  const who = name === NOBODY ? null : name;
  if (replaces === undefined) return [{ kind: 'replace_all', ...during, person: who }];
  if (replaces !== NOBODY) {
    if (replaces !== who) return [{ kind: 'replace', ...during, person: who, replaces }];
    tell(['replaces'], `${replaces} replaces ${replaces}: write who is on call instead in person`);
    return [];
  }
  if (who !== null) return [{ kind: 'add', ...during, person: who }];
  tell(['replaces'], 'nobody replaces nobody: leave replaces out where no one is to be on call');
  return [];
}
