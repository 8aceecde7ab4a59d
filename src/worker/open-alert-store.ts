import type { AlertStore } from '../domain/alerting/alert-store.ts';
import { createAlertStore } from '../providers/alert-store/registry.ts';

/**
 * The store of last messages that `BELAY_ALERT_STORE` names; none, where it names none. It is opened
 * at its first use.
 */
export function openAlertStore(url: string | undefined): AlertStore | undefined {
  return url === undefined ? undefined : createAlertStore(url);
}
