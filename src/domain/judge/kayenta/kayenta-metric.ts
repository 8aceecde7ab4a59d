/** One arm's samples in the order of time; `null` and NaN are points that are missing. */
export type Series = readonly (number | null)[];

/** A metric as Kayenta configures it; what is left out has Kayenta's default. Plain JSON. */
export interface KayentaMetric {
  readonly name: string;
  /** Every group counts the metric; a metric in no group counts only where it is critical. */
  readonly groups: readonly string[];
  readonly experiment: Series;
  readonly control: Series;
  /** The change that is bad. Default `either`. */
  readonly direction?: 'increase' | 'decrease' | 'either';
  /** What a missing point is: no point (`remove`, the default), or zero (`replace`). */
  readonly nanStrategy?: 'remove' | 'replace';
  /** Default `keep`. */
  readonly outliers?: OutlierRule;
  readonly effectSize?: EffectSizeRule;
  readonly critical?: boolean;
  readonly mustHaveData?: boolean;
  /** Not judged at all. */
  readonly muted?: boolean;
}

/** `factor` in interquartile ranges beyond the quartiles, default 3. */
export type OutlierRule =
  { readonly strategy: 'keep' } | { readonly strategy: 'remove'; readonly factor?: number };

/**
 * The effect from which on a difference counts, in the unit of the measure: `meanRatio` is the mean
 * of the experiment by that of the control (limits 1 by default), `cles` the share of pairs in
 * which the experiment is higher (limits 0.5 by default). The critical limits decide whether a
 * critical metric fails everything.
 */
export interface EffectSizeRule {
  readonly measure?: 'meanRatio' | 'cles';
  readonly allowedIncrease?: number;
  readonly allowedDecrease?: number;
  readonly criticalIncrease?: number;
  readonly criticalDecrease?: number;
}

export type KayentaLabel = 'Pass' | 'High' | 'Low' | 'Nodata' | 'NodataFailMetric' | 'Error';
