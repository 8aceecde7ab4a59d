import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openSecrets } from '../../../src/providers/page/secrets.ts';

const folder = mkdtempSync(join(tmpdir(), 'belay-secrets-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const environment: Readonly<Record<string, string>> = {
  TOKEN: 'abcd1234',
  EMPTY: ' ',
  LINES: 'a\nb',
};
const open = () => openSecrets({ secret: (name) => environment[name] });

function fileWith(text: string): { readonly kind: 'file'; readonly path: string } {
  const path = join(folder, 'secret');
  writeFileSync(path, text);
  return { kind: 'file', path };
}

describe('a secret', () => {
  test('comes from the environment, or from a file without its last line break', () => {
    expect(open().read({ kind: 'env', name: 'TOKEN' })).toBe('abcd1234');
    expect(open().read(fileWith('from a file\n'))).toBe('from a file');
    expect(open().read(fileWith('from a file'))).toBe('from a file');
  });

  test('is read when it is used, so that a new one counts at once', () => {
    const secrets = open();
    const place = fileWith('old');
    expect(secrets.read(place)).toBe('old');
    writeFileSync(place.path, 'new\n');
    expect(secrets.read(place)).toBe('new');
  });

  test.each([
    [{ kind: 'env', name: 'NONE' }, "the worker's environment has no NONE"],
    [{ kind: 'env', name: 'EMPTY' }, "the worker's environment has no EMPTY"],
    [
      { kind: 'env', name: 'LINES' },
      'the variable LINES holds several lines or too much to be a secret',
    ],
    [
      { kind: 'file', path: '/nowhere/at/all' },
      'the secret in /nowhere/at/all cannot be read (ENOENT)',
    ],
    [{ kind: 'file', path: '/' }, 'the secret in / cannot be read (EISDIR)'],
  ] as const)('that is not there is told by its place: %j', (place, message) => {
    expect(() => open().read(place)).toThrow(
      expect.objectContaining({ code: 'PageRejected', message }),
    );
  });

  test('of 20 KB is a mistake', () => {
    expect(() => open().read(fileWith('x'.repeat(20_000)))).toThrow('too much to be a secret');
  });
});

describe('what the other side says', () => {
  test.each([
    ['pass "w" wörd', 'it was pass "w" wörd', 'it was [secret]'],
    ['pass "w" wörd', String.raw`{"p":"pass \"w\" wörd"}`, '{"p":"[secret]"}'],
    ['pass "w" wörd', `at ?p=${encodeURIComponent('pass "w" wörd')}`, 'at ?p=[secret]'],
    ['pass "w" wörd', Buffer.from('pass "w" wörd').toString('base64'), '[secret]'],
    [
      'https://hooks.example.org/services/T000/B000/XXXXXXXXXXXX?sig=abc',
      'no such hook: /services/T000/B000/XXXXXXXXXXXX',
      'no such hook: [secret]',
    ],
    [
      'https://hooks.example.org/services/T000/B000/XXXXXXXXXXXX',
      'token XXXXXXXXXXXX is revoked',
      'token [secret] is revoked',
    ],
    ['abcd1234', 'nothing of that', 'nothing of that'],
  ])('is kept free of %s: %s', (value, said, shown) => {
    const secrets = openSecrets({ secret: () => value });
    secrets.read({ kind: 'env', name: 'ANY' });
    expect(secrets.hide(said)).toBe(shown);
  });

  test('is freed of the longest form first, so that no rest stays', () => {
    const secrets = openSecrets({ secret: (name) => (name === 'A' ? 'abcdefgh' : 'abcdefghXYZ1') });
    secrets.read({ kind: 'env', name: 'A' });
    secrets.read({ kind: 'env', name: 'B' });
    expect(secrets.hide('abcdefghXYZ1')).toBe('[secret]');
  });
});
