import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EnvironmentSpec } from '../../../src/domain/release/release.schema.ts';
import type { EnvironmentDriver } from '../../../src/providers/environment/environment.ts';

export interface EnvironmentSubject {
  readonly driver: EnvironmentDriver;
  spec(instances: number): EnvironmentSpec;
  close(): Promise<void>;
}

/** What every environment promises, whatever it runs instances on. */
export function environmentContract(name: string, create: () => Promise<EnvironmentSubject>): void {
  describe(`the ${name} environment`, () => {
    const { signal } = new AbortController();
    let subject: EnvironmentSubject;

    beforeEach(async () => {
      subject = await create();
    });
    afterEach(() => subject.close());

    const deploy = (instances: number, generation = 1, version = 'v1', key = `deploy ${version}`) =>
      subject.driver.deploy(
        { service: 'shop', version, key, generation, spec: subject.spec(instances) },
        signal,
      );
    const remove = (generation = 2, version = 'v1', key = `remove ${version}`) =>
      subject.driver.remove({ service: 'shop', version, key, generation, graceMs: 2000 }, signal);
    const find = (version = 'v1') => subject.driver.find('shop', version);
    const effectKeys = async () =>
      (await subject.driver.effects('shop')).map((effect) => effect.key);

    it('runs as many instances as are asked for, each at an address of its own', async () => {
      const instances = await deploy(3);
      expect(instances.map(({ id }) => id)).toEqual(['v1/0', 'v1/1', 'v1/2']);
      expect(new Set(instances.map(({ host, port }) => `${host}:${port}`)).size).toBe(3);
    });

    it('finds what it runs', async () => {
      const instances = await deploy(2);
      const found = await find();
      expect(found.map(({ id, host, port }) => ({ id, host, port }))).toEqual(instances);
      expect(found.map(({ running }) => running)).toEqual([true, true]);
    });

    it('finds nothing of a version that was never deployed', async () => {
      expect(await find('v9')).toEqual([]);
      expect(await subject.driver.usage('shop', 'v9')).toEqual([]);
    });

    it('keeps the instances that it runs when it deploys again', async () => {
      const before = await deploy(2);
      expect(await deploy(2)).toEqual(before);
      expect(await deploy(2, 2, 'v1', 'again')).toEqual(before);
      expect(await find()).toHaveLength(2);
    });

    it('adds and ends instances until there are as many as were asked for last', async () => {
      const two = await deploy(2);
      const three = await deploy(3, 2, 'v1', 'grow');
      expect(three.slice(0, 2)).toEqual(two);
      expect(await deploy(1, 3, 'v1', 'shrink')).toEqual(two.slice(0, 1));
      expect((await find()).map(({ id }) => id)).toEqual(['v1/0']);
    });

    it('keeps versions and services apart', async () => {
      await deploy(1, 5, 'v1');
      const [second] = await deploy(1, 1, 'v2');
      await remove(6, 'v1');
      expect((await find('v2')).map(({ port }) => port)).toEqual([second?.port]);
      expect(await subject.driver.find('other', 'v2')).toEqual([]);
      expect(await subject.driver.effects('other')).toEqual([]);
    });

    it('removes every instance', async () => {
      await deploy(2);
      await remove();
      expect(await find()).toEqual([]);
      expect(await subject.driver.usage('shop', 'v1')).toEqual([]);
    });

    it('removes what is not there at once, and says that it is removed', async () => {
      await remove(1, 'v9');
      expect(await find('v9')).toEqual([]);
      expect(await effectKeys()).toEqual(['remove v9']);
    });

    it('deploys a removed version again', async () => {
      await deploy(1);
      await remove();
      await deploy(1, 3, 'v1', 'once more');
      expect((await find()).map(({ running }) => running)).toEqual([true]);
    });

    it('appends one effect a key, in the order in which the ends were reached', async () => {
      await deploy(1);
      await deploy(1);
      await deploy(1, 1, 'v2');
      await remove();
      await remove();
      expect(await effectKeys()).toEqual(['deploy v1', 'deploy v2', 'remove v1']);
      const [first] = await subject.driver.effects('shop');
      expect(first).toMatchObject({ service: 'shop', generation: 1, what: 'v1 runs 1' });
    });

    it('refuses to deploy for a lower generation than the last, and changes nothing', async () => {
      await deploy(1, 7);
      await expect(deploy(2, 6, 'v1', 'late')).rejects.toMatchObject({ code: 'StaleGeneration' });
      expect(await find()).toHaveLength(1);
      expect(await effectKeys()).toEqual(['deploy v1']);
    });

    it('refuses to remove for a lower generation than the last, and changes nothing', async () => {
      await deploy(1, 7);
      await expect(remove(6)).rejects.toMatchObject({ code: 'StaleGeneration' });
      expect((await find()).map(({ running }) => running)).toEqual([true]);
      expect(await effectKeys()).toEqual(['deploy v1']);
    });

    it('refuses to bring a removed version back for a lower generation', async () => {
      await deploy(1, 1);
      await remove(2);
      await expect(deploy(1, 1)).rejects.toMatchObject({ code: 'StaleGeneration' });
      expect(await find()).toEqual([]);
    });

    it('tells the memory and the processor time of what runs', async () => {
      await deploy(2);
      const usage = await subject.driver.usage('shop', 'v1');
      expect(usage.map(({ instance }) => instance)).toEqual(['v1/0', 'v1/1']);
      for (const one of usage) {
        expect(one.memoryBytes).toBeGreaterThan(0);
        expect(one.cpuTimeMs).toBeGreaterThanOrEqual(0);
        expect(Math.abs(Date.now() - one.atMs)).toBeLessThan(60_000);
      }
    });
  });
}
