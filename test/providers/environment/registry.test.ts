import { afterEach, expect, it } from 'vitest';
import { createMemoryEnvironment } from '../../../src/providers/environment/memory.ts';
import { createEnvironments } from '../../../src/providers/environment/registry.ts';
import { createProcessRig } from '../../support/process-rig.ts';

const rig = createProcessRig();
afterEach(() => rig.close());

it('gives all releases of one worker the same driver of a kind', () => {
  const memory = createMemoryEnvironment();
  const environmentOf = createEnvironments({ stateDir: rig.stateDir, inherited: {} }, memory);
  expect(environmentOf({ kind: 'memory' })).toBe(memory);
  expect(environmentOf({ kind: 'process' })).toBe(environmentOf({ kind: 'process' }));
});
