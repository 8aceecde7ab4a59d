import type { FailureCode } from '../failure.ts';
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
 * key is the same whenever the same run calls the same one again at the same moment.
 */
export function callInputOf(caller: Caller, name: string, when: string) {
  const { service, version, stable, workflowId } = caller;
  const key = effectKey(workflowId, `${when.replaceAll(' ', '-')}-${name}`);
  return { service, version, stable, workflowId, name, when, key };
}

/**
 * The code of a hook's failure. Whatever a program of the user's throws is `HookFailed`, also where
 * it uses a word of our table; that nobody took the call, or answered it, is not.
 */
export function hookFailureCode(code: FailureCode): FailureCode {
  return code === 'NoWorker' || code === 'HookUnreachable' ? code : 'HookFailed';
}

/** Who is called, for people: the rest of the URL may be a secret. */
export function hostOf(url: string): string {
  const [, authority = url] = /^[a-z]+:\/\/([^/?#]*)/i.exec(url) ?? [];
  return authority.slice(authority.lastIndexOf('@') + 1);
}
