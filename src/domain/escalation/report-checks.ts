import { Failure } from '../failure.ts';
import { cut } from '../paging/page-words.ts';
import type { Report } from './incident.ts';
import { SEVERITIES } from './severity.ts';

const TITLE_MAX = 1000;
const TEXT_MAX = 8000;
const LABELS_MAX = 64;
const LABEL_MAX = 1024;
const LINKS_MAX = 20;

/**
 * A report within its limits. What is too long is cut, as somebody must be paged about it anyway;
 * what nobody could act on is refused as `NotAllowedNow`, before anything starts.
 */
export function checkedReport(report: Report): Report {
  const { title, text, severity, source, labels, links } = report;
  if (title.trim() === '') throw new Failure('NotAllowedNow', 'an incident needs a title');
  if (!SEVERITIES.includes(severity)) {
    throw new Failure('NotAllowedNow', `"${severity}" is no severity: ${SEVERITIES.join(', ')}`);
  }
  for (const { url } of links) {
    if (/^https?:\/\//.test(url)) continue;
    throw new Failure('NotAllowedNow', `"${url}" is no link: it begins with http:// or https://`);
  }
  return {
    title: cut(title, TITLE_MAX),
    text: cut(text, TEXT_MAX),
    severity,
    source: cut(source, LABEL_MAX),
    labels: Object.fromEntries(
      Object.entries(labels)
        .slice(0, LABELS_MAX)
        .map(([name, value]) => [cut(name, LABEL_MAX), cut(value, LABEL_MAX)]),
    ),
    links: links.slice(0, LINKS_MAX),
  };
}
