import { readFileSync } from 'node:fs';
import { Failure } from '../../domain/failure.ts';
import type { Secret } from '../../domain/paging/secret.schema.ts';

const SECRET_MAX_LENGTH = 16 * 1024;
/** Shorter ones would blacken half of a message and hide nothing that can be guessed. */
const HIDDEN_FROM_LENGTH = 4;
const HIDDEN = '[secret]';

export interface SecretPlaces {
  /** The value of a variable of the worker's environment. */
  secret(name: string): string | undefined;
}

/** The secrets that one attempt has read, so that its messages can be kept free of them. */
export interface Secrets {
  /** The value as it is now, so that a new one is used at once. Throws `PageRejected`. */
  read(secret: Secret): string;
  /** Text of the other side, which may echo what it was sent, without the secrets read so far. */
  hide(text: string): string;
}

export function openSecrets({ secret: environment }: SecretPlaces): Secrets {
  const hidden = new Set<string>();
  return {
    read(secret) {
      const value =
        secret.kind === 'env' ? fromEnvironment(environment, secret.name) : fromFile(secret.path);
      for (const form of formsOf(value)) hidden.add(form);
      return value;
    },
    hide(text) {
      return [...hidden]
        .toSorted((one, other) => other.length - one.length)
        .reduce((shown, form) => shown.replaceAll(form, HIDDEN), text);
    },
  };
}

function fromEnvironment(environment: SecretPlaces['secret'], name: string): string {
  const value = environment(name)?.trim();
  if (value !== undefined && value !== '') return checked(value, `the variable ${name}`);
  throw new Failure('PageRejected', `the worker's environment has no ${name}`);
}

/** What a secret manager mounts ends with a line break or not. */
function fromFile(path: string): string {
  let value: string;
  try {
    value = readFileSync(path, 'utf8').trim();
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new Failure('PageRejected', `the secret in ${path} cannot be read (${why})`);
  }
  if (value !== '') return checked(value, path);
  throw new Failure('PageRejected', `the secret in ${path} is empty`);
}

function checked(value: string, place: string): string {
  if (value.length <= SECRET_MAX_LENGTH && !/\p{Cc}/u.test(value)) return value;
  throw new Failure('PageRejected', `${place} holds several lines or too much to be a secret`);
}

/** As it may come back: itself, within JSON or a URL, the path of it, and as Basic or PLAIN. */
function formsOf(value: string): readonly string[] {
  const path = URL.canParse(value) ? new URL(value).pathname : '';
  return [value, path, ...path.split('/'), encodeURIComponent(value), base64(value)]
    .concat(JSON.stringify(value).slice(1, -1))
    .filter((form) => form === value || form.length >= 8)
    .filter((form) => form.length >= HIDDEN_FROM_LENGTH);
}

function base64(value: string): string {
  return Buffer.from(value).toString('base64');
}
