import { cut } from '../paging/page-words.ts';
import type { Asked } from '../release/commands.ts';
import type { Report } from './incident.ts';
import { withinLimits } from './report-checks.ts';
import { SEVERITIES } from './severity.ts';

/** What an incident begins with: plain JSON, with its own schema version. */
export interface Opening extends Asked {
  readonly schemaVersion: 1;
  /** By its name in the workers' paging file. */
  readonly policy: string;
  /** What providers group by: hex. */
  readonly key: string;
  readonly report: Report;
}

export type OpeningRead =
  | { readonly kind: 'opening'; readonly opening: Opening }
  | { readonly kind: 'unusable'; readonly why: string };

const ASKED_MAX = 1000;
/** As a part of the keys of pages, which every provider takes. */
const KEY = /^[A-Za-z0-9._/-]{1,64}$/;
const FAULTS_MAX = 10;
const NAME_MAX = 60;
const SHOWN_MAX = 60;

/**
 * What somebody has started an incident with, in whatever language: nothing of it has been checked.
 * What is too long is cut and what may be absent is filled in, as people must be paged about it
 * anyway; `null` is absent. Anything else is unusable, and `why` names each place and its mend.
 */
export function readOpening(input: unknown): OpeningRead {
  const faults: string[] = [];
  const read = readerInto(faults);
  const { schemaVersion, key, report, ...asked } = read.object('the input', input);
  if ((schemaVersion ?? 1) !== 1) faults.push(`schemaVersion: is ${shown(schemaVersion)}: write 1`);
  if (typeof key !== 'string' || !KEY.test(key)) {
    const mend = 'write the hex digits of the workflow id, incident/KEY: 64, such as a SHA-256 has';
    faults.push(`key: is ${shown(key)}: ${mend}`);
  }
  const who = read.words('who', asked.who, 'write who reports it');
  const opening: Opening = {
    schemaVersion: 1,
    requestId: read.words('requestId', asked.requestId, 'write one that this report alone has'),
    who,
    why: read.words('why', asked.why, 'write why it is reported'),
    policy: read.words('policy', asked.policy, 'write the name of one of the paging file'),
    key: String(key),
    report: reportIn(read, report, who),
  };
  return faults.length === 0
    ? { kind: 'opening', opening }
    : { kind: 'unusable', why: told(faults) };
}

type Reader = ReturnType<typeof readerInto>;
type Fields = Readonly<Record<string, unknown>>;

/** Reads parts; what a part is not is put into `faults`, and stands as something empty until then. */
function readerInto(faults: string[]) {
  function text(where: string, value: unknown): string {
    if (typeof value === 'string') return value;
    faults.push(`${where}: is ${shown(value)}: write a text`);
    return '';
  }
  return {
    text,
    /** A text that says something. */
    words(where: string, value: unknown, mend: string): string {
      if (typeof value === 'string' && value.trim() !== '') return cut(value, ASKED_MAX);
      faults.push(`${where}: is ${shown(value)}: ${mend}`);
      return '';
    },
    object(where: string, value: unknown): Fields {
      if (isObject(value)) return value;
      faults.push(`${where}: is ${shown(value)}: write one JSON object`);
      return {};
    },
    list(where: string, value: unknown): readonly unknown[] {
      if (Array.isArray(value)) return value;
      faults.push(`${where}: is ${shown(value)}: write a list`);
      return [];
    },
    severity(where: string, value: unknown): Report['severity'] {
      const known = SEVERITIES.find((one) => one === value);
      if (known === undefined) {
        faults.push(`${where}: is ${shown(value)}: write ${SEVERITIES.join(', ')}`);
      }
      return known ?? 'critical';
    },
    url(where: string, value: unknown): string {
      const url = text(where, value);
      if (typeof value === 'string' && !/^https?:\/\//.test(url)) {
        faults.push(`${where}: is ${shown(value)}: begin it with http:// or https://`);
      }
      return url;
    },
  };
}

function reportIn(read: Reader, value: unknown, who: string): Report {
  const report = read.object('report', value);
  const labels = Object.entries(read.object('report.labels', report.labels ?? {}));
  const links = read.list('report.links', report.links ?? []);
  return withinLimits({
    title: read.words('report.title', report.title, 'write what is wrong, in a line'),
    text: read.text('report.text', report.text ?? ''),
    severity: read.severity('report.severity', report.severity ?? 'critical'),
    source: read.text('report.source', report.source ?? who),
    labels: Object.fromEntries(
      labels.map(([name, label]) => [
        name,
        read.text(`report.labels.${cut(name, NAME_MAX)}`, label),
      ]),
    ),
    links: links.map((one, at) => {
      const where = `report.links.${at}`;
      const link = read.object(where, one);
      return {
        text: read.text(`${where}.text`, link.text ?? ''),
        url: read.url(`${where}.url`, link.url),
      };
    }),
  });
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return 'missing';
  return cut(JSON.stringify(value), SHOWN_MAX);
}

function told(faults: readonly string[]): string {
  const more = faults.length - FAULTS_MAX;
  return [...faults.slice(0, FAULTS_MAX), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}
