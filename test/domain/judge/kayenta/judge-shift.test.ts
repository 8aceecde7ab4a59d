import { array, assert, constantFrom, double, integer, oneof, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gaussians } from '../../../../src/domain/judge/kayenta/gaussians.ts';
import {
  judgeShift,
  type ShiftInput,
  type ShiftVerdict,
} from '../../../../src/domain/judge/kayenta/judge-shift.ts';

// Up and down by turns, so that no dependence is seen.
const A = [10.1, 13.4, 9.7, 14.2, 10.9, 13, 9.2, 14.9, 11.3, 12.8, 10.4, 13.7];
const B = [9.4, 11.9, 8.8, 12.5, 9.9, 11.2, 8.1, 12.1, 9.6, 11.5, 8.5, 11.8];

function judged(
  candidate: ShiftInput['candidate'],
  control: ShiftInput['control'],
  rule: Partial<ShiftInput> = {},
): ShiftVerdict {
  return judgeShift({ name: 'p95', candidate, control, ...rule });
}

/**
 * z of `mannwhitneyu(A, B, method='asymptotic')` in `t.sf(z, 22)`, both of scipy 1.17.1; the
 * differences sorted by numpy 2.4.6.
 */
test.each([
  ['increase', 0.01, 0.036965532013030336],
  ['decrease', 0.01, 1 - 0.036965532013030336],
  ['either', 0.02, 0.07393106402606067],
] as const)(
  'where %s is bad, the figures are those of scipy and numpy',
  (direction, alpha, pValue) => {
    const { figures } = judged(A, B, { direction, alpha });
    expect(figures).toMatchObject({ method: 'ranks', direction: 'higher', blockLength: 1 });
    expect(figures?.pValue).toBeCloseTo(pValue, 9);
    expect(figures?.estimate).toBeCloseTo(1.55, 12);
    expect(figures?.interval.low).toBeCloseTo(-0.8, 12);
    expect(figures?.interval.high).toBeCloseTo(3.8, 12);
    expect(figures?.effect).toBeCloseTo(0.14691943127962082, 12);
  },
);

/** Each sample is three quarters of the one before, and a step that looks like chance. */
function chained(steps: number, base: number): readonly number[] {
  let value = 0;
  return Array.from({ length: 100 }, (_, at) => {
    value = 0.75 * value + Math.sin(steps * at * at);
    return base + value;
  });
}

/** By an implementation of its own in numpy 2.4.6, with `t.sf` and `t.isf` of scipy 1.17.1. */
test('where ranks are too coarse, the means are compared', () => {
  const { kind, figures } = judged(chained(1, 14), chained(3, 11));
  expect(kind).toBe('fail');
  expect(figures).toMatchObject({ method: 'means', direction: 'higher' });
  expect(figures?.pValue).toBeCloseTo(0.0006968546496132232, 9);
  expect(figures?.estimate).toBeCloseTo(3.400000763884048, 9);
  expect(figures?.interval.low).toBeCloseTo(1.4886203587337898, 9);
  expect(figures?.interval.high).toBeCloseTo(5.311381169034306, 9);
  expect(figures?.blockLength).toBeCloseTo(14.287759356992076, 9);
  expect(figures?.sharedNoise).toBeCloseTo(0.09987526948557557, 9);
});

const next = gaussians(20);

function noise(length: number, correlation = 0): readonly number[] {
  let value = next();
  return Array.from({ length }, () => {
    value = correlation * value + Math.sqrt(1 - correlation ** 2) * next();
    return value;
  });
}

const TEN = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1];
const high = (count: number): readonly number[] => TEN.map((one, at) => (at < count ? 100 : one));
const around = (mean: number, length: number): readonly number[] =>
  noise(length).map((value) => mean * (1 + 0.2 * value));

describe('a candidate', () => {
  test.each<
    [string, ShiftVerdict['kind'], readonly number[], readonly number[], Partial<ShiftInput>]
  >([
    ['that is 30 % slower fails', 'fail', around(130, 60), around(100, 60), {}],
    ['that is 30 % faster passes', 'pass', around(100, 60), around(130, 60), {}],
    [
      'that may not be faster fails',
      'fail',
      around(100, 60),
      around(130, 60),
      { direction: 'decrease' },
    ],
    [
      'that may be neither fails above',
      'fail',
      around(130, 60),
      around(100, 60),
      { direction: 'either' },
    ],
    [
      'that may be neither fails below',
      'fail',
      around(100, 60),
      around(130, 60),
      { direction: 'either' },
    ],
    ['that is bad in seven of ten samples fails', 'fail', high(7), TEN, {}],
    [
      'that is bad in them in either direction fails',
      'fail',
      high(7),
      TEN,
      { direction: 'either' },
    ],
    ['that is bad in two of ten samples may be chance', 'pass', high(2), TEN, {}],
    ['that is one constant above another fails', 'fail', TEN.map(() => 2), TEN, {}],
    ['that is the same constant passes', 'pass', TEN, TEN, {}],
    ['above a control of zero fails', 'fail', high(9), TEN.map(() => 0), {}],
    ['that is negative and rises fails', 'fail', around(-100, 60), around(-130, 60), {}],
  ])('%s', (_name, kind, candidate, control, rule) => {
    expect(judged(candidate, control, rule).kind).toBe(kind);
  });

  test('that is errors where the control has hardly any fails by its mean', () => {
    const control = Array.from({ length: 100 }, (_, at) => (at % 33 === 0 ? 1 : 0));
    const candidate = control.map((value, at) => (at % 3 === 1 ? 5 : value));
    const { kind, figures } = judged(candidate, control);
    expect(figures?.estimate).toBe(0);
    expect(kind).toBe('fail');
  });

  test('that is a hair slower passes, however sure that is', () => {
    const control = around(100, 5000).map((value) => value / 4 + 75);
    const verdict = judged(
      control.map((value) => value * 1.02),
      control,
    );
    expect(verdict.figures?.pValue).toBeLessThan(0.001);
    expect(verdict.kind).toBe('pass');
    expect(verdict.sentence).toContain('less than the 5 % that matter');
    expect(
      judged(
        control.map((value) => value * 1.02),
        control,
        { minEffect: 0.01 },
      ).kind,
    ).toBe('fail');
  });

  test('that is 30 % slower is found at every scale', () => {
    for (let scale = 1; scale > 1e-300; scale /= 2 ** 20) {
      const candidate = around(130 * scale, 60);
      const control = around(100 * scale, 60);
      expect(judged(candidate, control).kind).toBe('fail');
    }
  });

  test('that cannot be told from its control under a shared wave is told by what is left', () => {
    const wave = noise(240, 0.95).map((value) => 100 * (1 + 0.3 * value));
    const under = (factor: number): readonly number[] =>
      noise(240).map((value, at) => factor * ((wave[at] ?? 0) + 5 * value));
    const { kind, figures } = judged(under(1.1), under(1));
    expect(kind).toBe('fail');
    expect(figures?.sharedNoise).toBeGreaterThan(0.7);
  });
});

/** Whether a version that is no different fails at one look, of 400 times at 1 %. */
test.each([
  ['independent samples', 60, 0],
  ['samples of an AR(1) of 0.5', 120, 0.5],
  ['samples of an AR(1) of 0.8', 120, 0.8],
  ['samples of an AR(1) of 0.9', 120, 0.9],
])('%s hardly ever fail a version that is no different', (_name, length, correlation) => {
  const fails = (direction: 'increase' | 'either'): number =>
    Array.from({ length: 400 }).filter(() => {
      const rule = { direction, minEffect: 0 } as const;
      const arm = (): readonly number[] => noise(length, correlation).map((value) => 100 + value);
      return judged(arm(), arm(), rule).kind === 'fail';
    }).length;
  // Ten or more of 400 have a chance of 0.8 % at 1 %.
  expect(fails('increase')).toBeLessThan(10);
  expect(fails('either')).toBeLessThan(10);
});

/** None of them may ever pass or fail. */
const NOTHING_TO_JUDGE: readonly [
  string,
  'no_data' | 'inconclusive',
  ShiftInput['candidate'],
  ShiftInput['control'],
  Partial<ShiftInput>?,
][] = [
  ['an empty candidate', 'no_data', [], B],
  ['an empty control', 'no_data', A, []],
  ['two empty arms', 'no_data', [], []],
  ['a missing sample', 'no_data', [...A, null], B],
  ['a sample that is no number', 'no_data', A, [...B, NaN]],
  ['no history', 'no_data', A, B.map(() => NaN)],
  ['an endless sample', 'inconclusive', [...A, Infinity], B],
  ['an endless sample below', 'inconclusive', A, [...B, -Infinity]],
  ['samples that are too large', 'inconclusive', A.map((value) => value * 1e307), B],
  ['one sample an arm', 'inconclusive', [1000], [0]],
  ['one equal sample an arm', 'inconclusive', [1], [1]],
  ['one sample of the candidate', 'inconclusive', [1000], B],
  ['three samples an arm', 'inconclusive', [7, 8, 9], [1, 2, 3]],
  ['too many samples', 'inconclusive', Array.from({ length: 100_001 }, () => 1), B],
  ['an alpha of nothing', 'inconclusive', A, B, { alpha: 0 }],
  ['an alpha that is no number', 'inconclusive', A, B, { alpha: NaN }],
  ['an alpha beyond a half', 'inconclusive', A, B, { alpha: 0.6 }],
  ['a smallest effect below zero', 'inconclusive', A, B, { minEffect: -0.1 }],
  ['a smallest effect that is no number', 'inconclusive', A, B, { minEffect: NaN }],
  ['a smallest effect without end', 'inconclusive', A, B, { minEffect: Infinity }],
];

test.each(NOTHING_TO_JUDGE)('%s is no verdict but %s', (_name, kind, candidate, control, rule) => {
  const verdict = judged(candidate, control, rule);
  expect(verdict.kind).toBe(kind);
  expect(verdict.sentence).toMatch(/^p95 cannot be judged: ./);
  expect(verdict.figures).toBeUndefined();
});

test('samples that hang together too much to tell are no verdict, with their figures', () => {
  const climb = Array.from({ length: 20 }, (_, at) => at);
  const verdict = judged(climb, climb);
  expect(verdict.kind).toBe('inconclusive');
  expect(verdict.figures?.blockLength).toBe(10);
  expect(verdict.sentence).toContain('(20 and 20 samples, too few of them to tell)');
  // What is far off is told all the same, by the means.
  const wave = noise(120, 0.9);
  const far = judged(
    wave.map((value) => 300 + value),
    noise(120, 0.9).map((value) => 100 + value),
  );
  expect(far).toMatchObject({ kind: 'fail', figures: { method: 'means' } });
});

test('a person reads what happened, in units', () => {
  const show = (value: number): string => `${value.toFixed(1)} ms`;
  const rule = { show, alpha: 0.05 };
  expect(judged(A, B, rule).sentence).toBe(
    'p95 rose from 10.4 ms to 12.0 ms: effect 14.7 %, shift 1.5 ms, interval 0.2 ms to 2.9 ms, ' +
      'p 0.037, blocks of 1 (12 and 12 samples)',
  );
  expect(judged(A, B, { show }).sentence).toBe(
    'p95 is 12.0 ms, 10.4 ms in the control: effect 14.7 %, shift 1.5 ms, interval -0.8 ms to ' +
      '3.8 ms, p 0.037, blocks of 1 (12 and 12 samples)',
  );
  expect(judged([5], B, rule).sentence).toBe(
    'p95 cannot be judged: 1 and 12 samples are too few to show any difference',
  );
});

const sample = oneof(
  double({ min: -1e6, max: 1e6, noNaN: true }),
  integer({ min: 0, max: 3 }),
  constantFrom(null, NaN, Infinity, -Infinity, 0, -0, 1e308, 5e-324),
);

test('whatever comes, the verdict is plain JSON and its kind follows from its figures', () => {
  const arm = array(sample, { maxLength: 70 });
  const directions = constantFrom<'increase' | 'decrease' | 'either'>(
    'increase',
    'decrease',
    'either',
  );
  assert(
    property(arm, arm, directions, (candidate, control, direction) => {
      const verdict = judged(candidate, control, { direction });
      expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict);
      if (verdict.figures === undefined) {
        expect(['no_data', 'inconclusive']).toContain(verdict.kind);
        return;
      }
      const { pValue, interval, blockLength } = verdict.figures;
      expect(pValue).toBeGreaterThanOrEqual(0);
      expect(pValue).toBeLessThanOrEqual(1);
      expect(interval.low).toBeLessThanOrEqual(interval.high);
      expect(blockLength).toBeGreaterThanOrEqual(1);
      if (verdict.kind === 'fail') expect(pValue).toBeLessThanOrEqual(0.01);
    }),
  );
});

// Eighths, so that shifts and scales by powers of two are exact.
const exact = integer({ min: -8000, max: 8000 }).map((eighths) => eighths / 8);
const exactArm = array(exact, { minLength: 8, maxLength: 130 });

/** Means are rounded, so that all but the ranks is met to some digits only. */
function expectAlike(there: ShiftVerdict['figures'], here: ShiftVerdict['figures'], scale: number) {
  expect(there?.method).toBe(here?.method);
  if (here === undefined || there === undefined) return;
  const figures = ({ estimate, interval }: typeof here) =>
    scale > 0 ? [estimate, interval.low, interval.high] : [estimate, interval.high, interval.low];
  expect(there.pValue).toBeCloseTo(here.pValue, 9);
  const expected = [here.estimate, here.interval.low, here.interval.high];
  for (const [at, figure] of figures(there).entries()) {
    expect(figure / scale).toBeCloseTo(expected[at] ?? NaN, 7);
  }
}

test('a shift of both arms shifts nothing but the means and the share', () => {
  assert(
    property(exactArm, exactArm, exact, (candidate, control, by) => {
      const moved = (values: readonly number[]): readonly number[] => values.map((v) => v + by);
      const here = judged(candidate, control).figures;
      expectAlike(judged(moved(candidate), moved(control)).figures, here, 1);
    }),
  );
});

test('a scale of both arms scales the shift and nothing else', () => {
  assert(
    property(exactArm, exactArm, integer({ min: -900, max: 900 }), (candidate, control, power) => {
      const scale = 2 ** power;
      const scaled = (values: readonly number[]): readonly number[] => values.map((v) => v * scale);
      const here = judged(candidate, control);
      const there = judged(scaled(candidate), scaled(control));
      expect(there.kind).toBe(here.kind);
      expectAlike(there.figures, here.figures, scale);
    }),
  );
});

test('exchanging the arms turns the shift around and keeps the p-value', () => {
  assert(
    property(exactArm, exactArm, (candidate, control) => {
      const here = judged(candidate, control, { direction: 'either' }).figures;
      const there = judged(control, candidate, { direction: 'either' }).figures;
      expect(there?.method).toBe(here?.method);
      if (here === undefined || there === undefined) return;
      expect(there.pValue).toBeCloseTo(here.pValue, 12);
      expect(there.estimate).toBeCloseTo(-here.estimate, 9);
      expect(there.interval.low).toBeCloseTo(-here.interval.high, 9);
      expect(there.interval.high).toBeCloseTo(-here.interval.low, 9);
    }),
  );
});

test('turning the sign of all samples exchanges the directions', () => {
  assert(
    property(exactArm, exactArm, (candidate, control) => {
      const turned = (values: readonly number[]): readonly number[] => values.map((v) => 0 - v);
      const here = judged(candidate, control, { direction: 'increase' });
      const there = judged(turned(candidate), turned(control), { direction: 'decrease' });
      expect(there.kind).toBe(here.kind);
      expectAlike(there.figures, here.figures, -1);
    }),
  );
});
