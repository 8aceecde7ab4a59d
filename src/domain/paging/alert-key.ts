import type { Page } from './page.ts';

const AGAIN = /-again[1-9]\d*$/;

/**
 * By what a provider groups pages to one alert: the key of the incident. An alert that somebody has
 * acknowledged pages nobody any more, so what is paged again after that is another alert.
 */
export function alertKey({ incident, alert = 0 }: Pick<Page, 'incident' | 'alert'>): string {
  return alert === 0 ? incident.key : `${incident.key}-again${alert}`;
}

/** The key of the incident to which an alert belongs. */
export function incidentKeyOf(ofAlert: string): string {
  return ofAlert.replace(AGAIN, '');
}
