import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const FOLDER = fileURLToPath(new URL('../../../src/domain/alerting', import.meta.url));
const IMPORT = /^(?:import|export)\s+(type\s)?[^;]*?from\s+'([^']+)';/gm;

/** All packages and schemas that a module loads as values, by whatever way. */
function loadedBy(file: string, seen: Set<string>, found: Set<string>): void {
  if (seen.has(file)) return;
  seen.add(file);
  for (const [, types, target = ''] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
    if (types !== undefined) continue;
    if (!target.startsWith('.') || target.endsWith('.schema.ts')) found.add(target);
    if (target.startsWith('.')) loadedBy(join(dirname(file), target), seen, found);
  }
}

test.each(['shard.ts', 'shard-codec.ts', 'page-report.ts', 'silences-full.ts', 'storm.ts'])(
  'a workflow that loads %s loads no schema, no time zones and no reader of files',
  (name) => {
    const found = new Set<string>();
    loadedBy(join(FOLDER, name), new Set(), found);
    const allowed = ['re2js', '@noble/hashes/sha2.js', '@noble/hashes/utils.js'];
    expect([...found].filter((one) => !allowed.includes(one))).toEqual([]);
  },
);

test.each(['release.ts', 'service.ts', 'rollback.ts'])(
  'the workflow %s, which may silence alerts, loads nothing that reads matchers',
  (name) => {
    const found = new Set<string>();
    const seen = new Set<string>();
    loadedBy(join(FOLDER, '../../workflows', name), seen, found);
    expect([...found].filter((one) => one === 're2js' || one.endsWith('.schema.ts'))).toEqual([]);
    expect([...seen].some((file) => file.endsWith('domain/alerting/regex.ts'))).toBe(false);
  },
);
