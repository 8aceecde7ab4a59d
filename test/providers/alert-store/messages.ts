import { type Alert, type PostedAlert, received } from '../../../src/domain/alerting/alert.ts';
import { fingerprint } from '../../../src/domain/alerting/fingerprint.ts';

export const NOW = Date.parse('2026-11-26T12:00:00Z');
export const MINUTE = 60_000;

export const firing = (name: string, atMs = NOW, more: Partial<PostedAlert> = {}): Alert =>
  received({ labels: { alertname: name }, startsAtMs: NOW, ...more }, atMs, 5 * MINUTE);
export const over = (name: string, atMs = NOW): Alert => firing(name, atMs, { endsAtMs: atMs });
export const keyOf = (name: string): string => fingerprint({ alertname: name });
