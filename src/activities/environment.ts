import { ApplicationFailure } from '@temporalio/activity';
import { formatDuration } from '../domain/quantity.ts';
import { Failure } from '../domain/failure.ts';
import type { Instance } from '../domain/release/instance.ts';
import type { ActivityDeps } from './deps.ts';
import { beating } from './beating.ts';
import type { CountRequest, DeployVersionRequest, RetireRequest } from './requests.ts';

/** Temporal keeps the wait between two attempts: it outlives the worker and is no failure. */
function notYet(version: string, earlyMs: number): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'NotYet',
    message: `${version} stays ready as the way back, for ${formatDuration(earlyMs)} more`,
    nextRetryDelay: earlyMs,
    category: 'BENIGN',
  });
}

/** Starts and removes the instances of a version, together with its place at the load balancer. */
export function createEnvironmentActivities(deps: ActivityDeps) {
  return {
    /** How many instances of a version run now. */
    async countInstances({ service, version, environment }: CountRequest): Promise<number> {
      const known = await deps.environment(environment).find(service, version);
      return known.filter(({ running }) => running).length;
    },

    /**
     * Starts the instances and makes them known to the load balancer with weight 0, so that they
     * can be reached on purpose before any user meets them. Repeating it changes nothing.
     */
    async deployVersion(request: DeployVersionRequest): Promise<readonly Instance[]> {
      const { service, version, environment, traffic, deploy, register } = request;
      return beating(async (signal) => {
        const instances = await deps
          .environment(environment)
          .deploy({ service, version, spec: environment, ...deploy }, signal);
        if (register !== null) {
          const { serving, key, generation } = register;
          await deps.router(traffic).apply(
            {
              service,
              key,
              generation,
              routes: [
                { version: serving.version, instances: serving.instances, weightPercent: 100 },
                { version, instances, weightPercent: 0 },
              ],
            },
            signal,
          );
        }
        return instances;
      });
    },

    /**
     * Drain, then stop: waits for the open requests, takes the version out of the load balancer
     * and ends its instances. Refuses while the version has any weight.
     */
    async retireVersion(request: RetireRequest): Promise<void> {
      const { service, traffic, environment, target, drainDeadlineMs } = request;
      const earlyMs = (request.notBeforeMs ?? 0) - deps.clock.nowMs();
      if (earlyMs > 0) throw notYet(target.version, earlyMs);
      return beating(async (signal) => {
        const router = deps.router(traffic);
        const before = await router.read(service, signal);
        const route = before.routes.find((one) => one.version === target.version);
        if (route !== undefined && route.weightPercent > 0) {
          throw new Failure(
            'NotAllowedNow',
            `${target.version} has ${route.weightPercent} % of the traffic: it is not removed`,
          );
        }
        if (route !== undefined) {
          await router.drain(
            { service, version: target.version, deadlineMs: drainDeadlineMs },
            signal,
          );
          const routes = before.routes.filter((one) => one.version !== target.version);
          const change = { service, ...request.unregister, routes };
          // Whoever has moved traffic while it drained has decided: then it is not removed.
          await router.apply({ ...change, after: before.generation }, signal);
        }
        await deps.environment(environment).remove(
          {
            service,
            version: target.version,
            graceMs: environment.stopGraceMs,
            ...request.remove,
          },
          signal,
        );
      });
    },
  };
}
