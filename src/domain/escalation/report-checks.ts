import { Failure } from '../failure.ts';
import { cut } from '../paging/page-words.ts';
import type { Report } from './incident.ts';
import { SEVERITIES } from './severity.ts';

const TITLE_MAX = 1000;
const TEXT_MAX = 8000;
const LABELS_MAX = 64;
const LABEL_MAX = 1024;
const LINKS_MAX = 20;
/** Nobody is shown a longer one, and a part of it leads nowhere. */
const URL_MAX = 2000;
/** Of the texts of a report that did not come by the client. */
const DIRECT_MAX = 10_000;

/**
 * A report within its limits. What is too long is cut, as somebody must be paged about it anyway;
 * what nobody could act on is refused as `NotAllowedNow`, before anything starts.
 */
export function checkedReport(report: Report): Report {
  const { title, severity, links } = report;
  if (title.trim() === '') throw new Failure('NotAllowedNow', 'an incident needs a title');
  if (!SEVERITIES.includes(severity)) {
    throw new Failure('NotAllowedNow', `"${severity}" is no severity: ${SEVERITIES.join(', ')}`);
  }
  for (const { url } of links) {
    if (/^https?:\/\//.test(url)) continue;
    throw new Failure('NotAllowedNow', `"${url}" is no link: it begins with http:// or https://`);
  }
  return withinLimits(report);
}

/** As much of a report as an incident keeps: everything that it is told goes on with each page. */
export function withinLimits({ title, text, severity, source, labels, links }: Report): Report {
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
    links: links
      .filter(({ url }) => url.length <= URL_MAX)
      .slice(0, LINKS_MAX)
      .map((link) => ({ text: cut(link.text, LABEL_MAX), url: link.url })),
  };
}

/** Why that which somebody has signalled is no report; undefined, it is one. */
export function reportFault(report: Partial<Report> | null | undefined): string | undefined {
  const { title, text, source, severity, labels, links } = report ?? {};
  if (![title, text, source].every((one) => isText(one) && one.length <= DIRECT_MAX)) {
    return `title, text and source of a report have ${DIRECT_MAX} characters at most`;
  }
  if (!SEVERITIES.some((known) => known === severity)) {
    return `the severity of a report is one of ${SEVERITIES.join(', ')}`;
  }
  const isNamed = typeof labels === 'object' && labels !== null && !Array.isArray(labels);
  if (!isNamed || !Object.values(labels).every(isText)) return 'labels of a report are texts';
  const areLinks =
    Array.isArray(links) && links.every((one) => isText(one?.text) && isText(one?.url));
  return areLinks ? undefined : 'each link of a report has a text and a url';
}

function isText(one: unknown): one is string {
  return typeof one === 'string';
}

/**
 * What was reported last counts; labels add up, those of before as far as there is room, and links
 * stay where none are new.
 */
export function newestReport(before: Report, again: Report): Report {
  const { title, text, labels, links } = again;
  const kept = Object.entries(before.labels)
    .filter(([name]) => !Object.hasOwn(labels, name))
    .slice(0, Math.max(0, LABELS_MAX - Object.keys(labels).length));
  return {
    ...before,
    ...{ title, text },
    labels: { ...Object.fromEntries(kept), ...labels },
    links: links.length === 0 ? before.links : links,
  };
}
