/** The entry of the workflow bundle: every workflow type by its name in Temporal. */
export { abTest } from './ab-test.ts';
export { alerting } from './alerting.ts';
export { alerts } from './alerts.ts';
export { blueGreen } from './blue-green.ts';
export { canary } from './canary.ts';
export { escalation } from './escalation.ts';
export { rollback } from './rollback.ts';
export { rolling } from './rolling.ts';
export { service } from './service.ts';
