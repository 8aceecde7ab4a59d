import { expect, test } from 'vitest';
import {
  groupLabelsOf,
  whySteered,
  withReleases,
} from '../../../src/domain/alerting/steered-release.ts';
import type { Report } from '../../../src/domain/escalation/incident.ts';

const REPORT: Report = {
  title: 'Slow {service="checkout"} (1 firing)',
  text: '{alertname="Slow", service="checkout"}',
  severity: 'critical',
  source: 'alerts',
  labels: { alertname: 'Slow', service: 'checkout' },
  links: [],
};

const STEERED = {
  workflowId: 'release/checkout/7',
  version: 'v3',
  strategy: 'canary',
  verb: 'rollback',
} as const;

test('an incident says first what its alert has done to a release', () => {
  expect(withReleases(REPORT, [STEERED])).toEqual({
    ...REPORT,
    text:
      'release checkout/7 (v3, canary) was rolled back because of this alert.\n' +
      'More: belay explain release/checkout/7\n' +
      '{alertname="Slow", service="checkout"}',
    labels: { alertname: 'Slow', service: 'checkout', release: 'release/checkout/7' },
  });
});

test('one that was paused is told so, also where its strategy is not known', () => {
  const { text } = withReleases(REPORT, [{ ...STEERED, verb: 'pause', strategy: undefined }]);
  expect(text).toContain('release checkout/7 (v3) was paused because of this alert.');
});

test('each of several releases is named; the label is the first', () => {
  const other = { ...STEERED, workflowId: 'release/cart/3', version: 'v9' };
  const { text, labels } = withReleases(REPORT, [STEERED, other]);
  expect(text).toMatch(/checkout\/7 \(v3[^]*cart\/3 \(v9/);
  expect(labels.release).toBe('release/checkout/7');
});

test('a label of the alerts is left as it is, and a report without a release too', () => {
  const report = { ...REPORT, labels: { release: 'helm-1' } };
  expect(withReleases(report, [STEERED]).labels).toEqual({ release: 'helm-1' });
  expect(withReleases(report, [])).toBe(report);
});

test('the report stays within what an incident keeps', () => {
  const { text } = withReleases({ ...REPORT, text: 'x'.repeat(8000) }, [STEERED]);
  expect(text).toHaveLength(8000);
  expect(text).toContain('release checkout/7');
});

test('a release is told by which alert, however long that is', () => {
  expect(whySteered('{alertname="Slow"}')).toBe('the alert {alertname="Slow"} fires');
  expect(whySteered('x'.repeat(5000))).toHaveLength(1000);
});

test.each([
  [withReleases(REPORT, [STEERED]).labels, REPORT.labels],
  [{ release: 'helm-1' }, { release: 'helm-1' }],
  [{ alertname: 'Slow' }, { alertname: 'Slow' }],
])('of the labels %j those of the group are %j', (labels, own) => {
  expect(groupLabelsOf(labels)).toEqual(own);
});
