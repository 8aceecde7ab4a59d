import type { Posted } from '../../client/alerts.ts';
import type { PostedAlert } from '../../domain/alerting/alert.ts';
import { formatLabels } from '../../domain/alerting/labels.ts';
import { cut, onOneLine } from '../../domain/paging/page-words.ts';

const REFUSED_MAX = 20;
const LABELS_MAX = 100;
const WHY_MAX = 300;

/** What has become of a batch; what was refused is counted from 1, as people count. */
export function renderPosted(
  { accepted, news, refused }: Posted,
  alerts: readonly PostedAlert[],
): { readonly done: string; readonly refused: string } {
  const lines = refused.slice(0, REFUSED_MAX).map(({ at, code, why }) => {
    const labels = cut(onOneLine(formatLabels(alerts[at]?.labels ?? {})), LABELS_MAX);
    const what = `alert ${at + 1} of ${alerts.length} ${labels}`;
    return `refused: ${what}: ${code}: ${cut(onOneLine(why), WHY_MAX)}\n`;
  });
  const more = refused.length - lines.length;
  return {
    done: `${accepted} of ${alerts.length} accepted, ${news} of them news\n`,
    refused: [...lines, ...(more > 0 ? [`refused: and ${more} more\n`] : [])].join(''),
  };
}
