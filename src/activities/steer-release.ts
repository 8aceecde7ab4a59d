import { Context } from '@temporalio/activity';
import type {
  SteerReleaseRequest,
  SteerReleaseResult,
} from '../domain/alerting/alert-activities.ts';
import { Failure } from '../domain/failure.ts';
import type { ServiceView } from '../domain/release/commands.ts';
import type { Progress } from '../domain/release/progress.ts';

/** What of the client is used to steer releases; it throws failures of the table only. */
export interface Releases {
  history(service: string): Promise<Pick<ServiceView, 'active'>>;
  steer(
    service: string,
    verb: 'pause' | 'abort',
    request: { readonly who: string; readonly why: string; readonly requestId: string },
  ): Promise<{ readonly phase: string }>;
  progress(workflowId: string): Promise<Pick<Progress, 'strategy'>>;
}

/** Pauses or takes back the release of a service that runs now; a rollback of one is its abort. */
export function createSteering({ releases }: { readonly releases: Releases }) {
  return {
    /**
     * Nothing is steered where no release runs, or where the verb makes no sense now. A further
     * attempt means the release that the first one found, not one that has begun since.
     */
    async steerRelease(request: SteerReleaseRequest): Promise<SteerReleaseResult> {
      const { service, verb, ...asked } = request;
      return answered(service, async () => {
        const { active } = await releases.history(service);
        if (active === undefined) return none(`${service} has no running release`);
        const { workflowId, kind, version } = active;
        if (kind !== 'release') return none(`${workflowId} takes ${service} back already`);
        const before = meantBefore();
        if (before !== undefined && before !== workflowId) {
          return none(`${before}, which was asked, has ended; ${workflowId} is another release`);
        }
        Context.current().heartbeat(workflowId);
        const { phase } = await releases.steer(service, WORDS[verb], asked);
        const strategy = await strategyOf(releases, workflowId);
        return { kind: 'steered', workflowId, phase, version, strategy };
      });
    },
  };
}

const WORDS = { pause: 'pause', rollback: 'abort' } as const;

/** The workflow id that an attempt before this one has asked. */
function meantBefore(): string | undefined {
  const { heartbeatDetails } = Context.current().info;
  return typeof heartbeatDetails === 'string' ? heartbeatDetails : undefined;
}

async function answered(
  service: string,
  work: () => Promise<SteerReleaseResult>,
): Promise<SteerReleaseResult> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    switch (error.code) {
      case 'NotFound':
      case 'NotAllowedNow':
        return none(error.message);
      case 'NoWorker':
        // A caller is told at once; an alert waits until there is a worker again.
        throw new Failure('TemporalUnreachable', `${service}: ${error.message}`, { cause: error });
      default:
        throw error;
    }
  }
}

/** It has been steered whether this is known or not. */
async function strategyOf(releases: Releases, workflowId: string): Promise<string | undefined> {
  try {
    return (await releases.progress(workflowId)).strategy;
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

function none(why: string): SteerReleaseResult {
  return { kind: 'none', why };
}
