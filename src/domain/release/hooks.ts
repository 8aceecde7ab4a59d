import { effectKey } from './names.ts';

/** Of the run that calls a hook or asks at a gate. */
interface Caller {
  readonly service: string;
  readonly version: string;
  readonly stable: string | null;
  readonly workflowId: string;
}

/**
 * What a hook or a gate is told. `when` is the hook's own (`before traffic`), `undo` or `gate`; the
 * key tells the three apart, and is the same whenever the same run calls the same one again.
 */
export function callInputOf(caller: Caller, name: string, when: string) {
  const { service, version, stable, workflowId } = caller;
  const kind = when === 'undo' || when === 'gate' ? when : 'hook';
  return {
    service,
    version,
    stable,
    workflowId,
    name,
    when,
    key: effectKey(workflowId, `${name}/${kind}`),
  };
}
