import { resolve } from 'node:path';
import type { AlertStore } from '../../domain/alerting/alert-store.ts';
import { Failure } from '../../domain/failure.ts';
import { createPostgresAlertStore } from './postgres.ts';
import { createThreadedAlertStore } from './threaded.ts';

/**
 * The store of last messages at `sqlite:/path/file.db` or `postgres://user:password@host/database`.
 * It is opened, and its tables are made, at its first use. Throws `EnvironmentInvalid` for all else.
 */
export function createAlertStore(url: string): AlertStore {
  const [, scheme = '', rest = ''] = /^([a-z]+):(.*)$/s.exec(url) ?? [];
  switch (scheme) {
    case 'sqlite':
      if (rest === '' || rest.startsWith('//') || rest === ':memory:') break;
      return createThreadedAlertStore(resolve(rest));
    case 'postgres':
    case 'postgresql':
      if (!rest.startsWith('//') || !URL.canParse(url)) break;
      return createPostgresAlertStore(url);
    default:
  }
  // Not the whole of it, as it may have a password.
  throw new Failure(
    'EnvironmentInvalid',
    `the alert store is sqlite:/path/file.db or postgres://user:password@host/database, and not ` +
      `${scheme === '' ? 'without a kind' : `such a ${scheme}: address`}`,
  );
}
