import type { DeployRequest } from '../../src/providers/environment/environment.ts';
import { createProcessEnvironment } from '../../src/providers/environment/process.ts';

/**
 * A worker of its own process for tests: `node deploying-worker.ts <stateDir> <request as JSON>`
 * deploys, prints the instances and stays until it is killed.
 */
const [, , stateDir = '', request = ''] = process.argv;
const parsed: DeployRequest = JSON.parse(request);
const environment = createProcessEnvironment({
  stateDir,
  inherited: { PATH: process.env.PATH ?? '' },
});
const instances = await environment.deploy(parsed, new AbortController().signal);
console.log(JSON.stringify(instances));
setInterval(() => {}, 1000);
