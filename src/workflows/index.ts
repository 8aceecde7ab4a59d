/** The entry of the workflow bundle: every workflow type by its name in Temporal. */
export { blueGreen } from './blue-green.ts';
export { rollback } from './rollback.ts';
export { service } from './service.ts';
