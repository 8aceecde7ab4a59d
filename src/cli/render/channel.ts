import type { ChannelSpec } from '../../domain/paging/channel.schema.ts';
import type { Secret } from '../../domain/paging/secret.schema.ts';
import type { TrialStep, channelCan } from '../../worker/try-channel.ts';
import { columns } from './style.ts';

export interface ListedChannel {
  readonly name: string;
  readonly type: string;
  readonly fallback: string | null;
  readonly rate: ChannelSpec['rate'];
  readonly can: ReturnType<typeof channelCan>;
  readonly secrets: readonly Secret[];
}

export function renderChannels(channels: readonly ListedChannel[]): string {
  if (channels.length === 0) return 'the paging file has no channels\n';
  const rows = channels.map(({ name, type, fallback, rate, can, secrets }) => [
    name,
    type,
    fallback ?? '–',
    `${rateText(rate.perSecond)}, burst ${rate.burst}`,
    can.answers ? 'yes' : 'no',
    secrets.map((one) => (one.kind === 'env' ? `env ${one.name}` : one.path)).join(', '),
  ]);
  const title = ['channel', 'type', 'fallback', 'budget', 'answers', 'secrets'];
  return `${columns([title, ...rows])}\n`;
}

/** `1/s`, or `25/m` where it is less. */
function rateText(perSecond: number): string {
  const rounded = (rate: number): string => String(Number(rate.toFixed(2)));
  return perSecond >= 1 ? `${rounded(perSecond)}/s` : `${rounded(perSecond * 60)}/m`;
}

const STEPS: Readonly<Record<TrialStep['step'], string>> = {
  check: 'check',
  page: 'test page',
  end: 'its end',
};

export function renderTrial(name: string, steps: readonly TrialStep[]): string {
  const rows = steps.map((step) => [
    STEPS[step.step],
    step.outcome === 'ok' ? 'ok' : step.code,
    step.text,
  ]);
  return `${columns(rows)}\n${verdict(name, steps)}\n`;
}

function verdict(name: string, steps: readonly TrialStep[]): string {
  const last = steps.at(-1);
  if (last === undefined || last.outcome === 'ok') {
    return last?.step === 'end'
      ? `${name} took the test page: look whether it has arrived`
      : `${name} was only asked: without --check a test page is sent`;
  }
  if (last.step === 'check') return `${name} cannot page now; nothing was sent`;
  if (last.isUnknown) return `${name} gave no answer: the page may have arrived, look for it`;
  return last.step === 'page'
    ? `${name} did not take the test page`
    : `${name} took the test page, but not its end: close the incident there by hand`;
}
