import { Failure } from '../domain/failure.ts';
import type { ReleaseSpec } from '../domain/release/release-spec.ts';
import type { ActivityDeps } from './deps.ts';
import { openMeasurer } from './measuring.ts';
import type { Target } from './requests.ts';

const ASK_EVERY_MS = 1000;
const ASKED_WINDOW_MS = 60_000;

/**
 * Returns once every metrics source of the release answers, whatever it answers. Nobody is to meet
 * a version that could not be judged afterwards: where one of them still cannot be reached at
 * `deadlineMs` it throws `NoData`. Asks at least once.
 */
export async function awaitSources(
  deps: ActivityDeps,
  request: Pick<ReleaseSpec, 'service' | 'traffic' | 'environment' | 'metrics'>,
  target: Target,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<void> {
  const measurer = openMeasurer(deps, request, 'live');
  for (;;) {
    const toMs = deps.clock.nowMs();
    const window = { fromMs: toMs - ASKED_WINDOW_MS, toMs };
    const silent = await measurer.unreachable(target, window, signal);
    if (silent.length === 0) return;
    if (deps.clock.nowMs() + ASK_EVERY_MS > deadlineMs) {
      const why = `a metrics source cannot be reached: ${silent.join('; ')}`;
      throw new Failure('NoData', `nobody could judge the release once users meet it; ${why}`);
    }
    await deps.clock.pause(ASK_EVERY_MS, signal);
  }
}
