import { expect } from 'vitest';
import { createMemoryEnvironment } from '../../../src/providers/environment/memory.ts';
import { SLEEPER, createProcessRig } from '../../support/process-rig.ts';
import { environmentContract } from './contract.ts';

environmentContract('memory', async () => {
  const driver = createMemoryEnvironment();
  driver.setUsage('v1', { memoryBytes: 1024, cpuTimeMs: 10 });
  return {
    driver,
    spec: (instances) => ({ kind: 'memory', instances, stopGraceMs: 0 }),
    close: async () => {},
  };
});

environmentContract('process', async () => {
  const rig = createProcessRig();
  const driver = rig.environment();
  return {
    driver,
    spec: (instances) => rig.spec({ instances, command: SLEEPER }),
    async close() {
      const running: string[] = [];
      for (const version of await driver.versions('shop')) {
        const found = await driver.find('shop', version);
        running.push(...found.filter((one) => one.running).map(({ id }) => id));
      }
      const processes = rig.processes().length;
      rig.close();
      // Nothing runs that the environment does not know of.
      expect(processes).toBe(running.length);
    },
  };
});
