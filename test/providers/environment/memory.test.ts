import { expect, it } from 'vitest';
import { Failure } from '../../../src/domain/failure.ts';
import { createMemoryEnvironment } from '../../../src/providers/environment/memory.ts';

const { signal } = new AbortController();
const request = {
  service: 'shop',
  version: 'v1',
  key: 'deploy',
  generation: 1,
  spec: { kind: 'memory', instances: 2, stopGraceMs: 0 },
} as const;

it('fails as often as it was told to, before anything changes', async () => {
  const environment = createMemoryEnvironment();
  environment.failNext('deploy', new Failure('EnvironmentFailed', 'no room'), 2);
  for (let time = 0; time < 2; time += 1) {
    await expect(environment.deploy(request, signal)).rejects.toMatchObject({ message: 'no room' });
    expect(await environment.find('shop', 'v1')).toEqual([]);
    expect(await environment.effects('shop')).toEqual([]);
  }
  expect(await environment.deploy(request, signal)).toHaveLength(2);
});

it('fails only the call that it was told to fail', async () => {
  const environment = createMemoryEnvironment();
  environment.failNext('remove', new Failure('EnvironmentFailed', 'stuck'), 1);
  await environment.deploy(request, signal);
  const removal = { ...request, key: 'remove', generation: 2, graceMs: 0 };
  await expect(environment.remove(removal, signal)).rejects.toMatchObject({ message: 'stuck' });
  expect(await environment.find('shop', 'v1')).toHaveLength(2);
  await environment.remove(removal, signal);
  expect(await environment.find('shop', 'v1')).toEqual([]);
});
