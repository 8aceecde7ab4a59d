/** A time from its beginning on; at its end it is over. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The parts that are within a time, cut at its ends; in the order in which they are given. */
export function within(spans: readonly Span[], { fromMs, toMs }: Span): readonly Span[] {
  return spans.flatMap((span) => {
    const part = { fromMs: Math.max(span.fromMs, fromMs), toMs: Math.min(span.toMs, toMs) };
    return part.fromMs < part.toMs ? [part] : [];
  });
}

/** The same time as spans that neither overlap nor touch, in order. */
export function joined(spans: readonly Span[]): readonly Span[] {
  const apart: Span[] = [];
  for (const span of spans.toSorted((one, other) => one.fromMs - other.fromMs)) {
    const last = apart.at(-1);
    if (last === undefined || span.fromMs > last.toMs) apart.push(span);
    else if (span.toMs > last.toMs) apart[apart.length - 1] = { ...last, toMs: span.toMs };
  }
  return apart;
}
