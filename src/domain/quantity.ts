/**
 * Quantities as people write them. Each reader returns a number in the unit its name says, or
 * `undefined` for text that it does not understand; the patterns also go into the JSON Schema.
 */

export const DURATION_PATTERN = /^(?=\d)(?:\d+d)?(?:\d+h)?(?:\d+m(?!s))?(?:\d+s)?(?:\d+ms)?$/;
export const SIZE_PATTERN = /^\d+(?:\.\d+)?(?:B|KB|MB|GB|TB|KiB|MiB|GiB|TiB)$/;
export const PERCENT_PATTERN = /^\d+(?:\.\d+)?%$/;
export const RATE_PATTERN = /^\d+(?:\.\d+)?\/(?:s|m|h)$/;

const UNIT_MS: Readonly<Record<string, number>> = {
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
};

/** `90s`, `10m`, `1h30m`, `250ms`. Units run from large to small, each at most once. */
export function durationMs(text: string): number | undefined {
  if (!DURATION_PATTERN.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)(ms|[dhms])/g)) {
    total += Number(amount) * (UNIT_MS[unit ?? ''] ?? 0);
  }
  return Number.isSafeInteger(total) ? total : undefined;
}

const UNIT_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};

/** `512MiB`, `1.5GB`. */
export function sizeBytes(text: string): number | undefined {
  if (!SIZE_PATTERN.test(text)) return undefined;
  const [, amount, unit] = /^([\d.]+)(\w+)$/.exec(text) ?? [];
  return Math.round(Number(amount) * (UNIT_BYTES[unit ?? ''] ?? 0));
}

/** `1%` is 0.01. */
export function ratioOfPercent(text: string): number | undefined {
  return PERCENT_PATTERN.test(text) ? Number(text.slice(0, -1)) / 100 : undefined;
}

/** `20/s`, `600/m`. */
export function ratePerSecond(text: string): number | undefined {
  if (!RATE_PATTERN.test(text)) return undefined;
  const [amount, unit] = text.split('/');
  return (Number(amount) * 1000) / (UNIT_MS[unit ?? ''] ?? 1);
}

/** The shortest exact writing: 90000 is `1m30s`, 0 is `0s`. Negative and fractional ms are cut. */
export function formatDuration(ms: number): string {
  let rest = Math.max(0, Math.trunc(ms));
  let text = '';
  for (const unit of ['d', 'h', 'm', 's', 'ms']) {
    const size = UNIT_MS[unit] ?? 1;
    const amount = Math.floor(rest / size);
    if (amount > 0) text += `${amount}${unit}`;
    rest -= amount * size;
  }
  return text === '' ? '0s' : text;
}

/** For people: 1536 is `1.5 KiB`. */
export function formatBytes(bytes: number): string {
  for (const unit of ['TiB', 'GiB', 'MiB', 'KiB']) {
    const size = UNIT_BYTES[unit] ?? 1;
    if (bytes >= size) return `${(bytes / size).toFixed(1).replace(/\.0$/, '')} ${unit}`;
  }
  return `${Math.round(bytes)} B`;
}
