import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningLoad, startLoad } from '../../src/dev/load.ts';
import { type Progress, VERBS, type Verb } from '../../src/domain/release/progress.ts';
import type { ReleaseSpec } from '../../src/domain/release/release-spec.ts';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import { begun } from '../support/begun.ts';
import { type LocalServer, startHttp } from '../support/local-server.ts';
import { poll } from '../support/poll.ts';
import { QUICK, type TestStack, startTestStack } from '../support/stack.ts';
import { VERB_STRATEGIES, type VerbState } from '../support/verb-cases.ts';

const ASKED = { who: 'ada', why: 'a test of verbs' };
const WITHIN_MS = 60_000;
const { signal } = new AbortController();
type Said = Verb | 'rollback';
type Crew = Awaited<ReturnType<typeof muster>>;

/** A service of its own for each verb: all of them are in a state at once, and each gets its verb. */
describe.each(VERB_STRATEGIES)('a verb said to a release of $name', ({ name, release, states }) => {
  let stack: TestStack;
  let server: LocalServer;
  const crews = new Map<Said, Crew>();
  const said: readonly Said[] = [
    ...VERBS.filter((verb) => states.some(({ takes }) => takes.includes(verb))),
    'rollback',
  ];
  /** Answers that wait, and services whose webhook no longer refuses. */
  const waiting = new Map<string, ServerResponse[]>();
  const mended = new Set<string>();

  beforeAll(async () => {
    stack = await startTestStack('embedded');
    server = await startHttp(({ path }, response) => {
      const [, what, service = ''] = path.split('/');
      if (what === 'refusing') response.writeHead(mended.has(service) ? 200 : 400).end();
      else waiting.set(service, [...(waiting.get(service) ?? []), response]);
    });
    const all = await Promise.all(
      said.map((verb) => muster(stack, `${name}-${verb.replaceAll('_', '-')}`, release)),
    );
    said.forEach((verb, at) => {
      const crew = all[at];
      if (crew !== undefined) crews.set(verb, crew);
    });
  });

  afterAll(async () => {
    await Promise.all([...crews.values()].map((crew) => crew.close()));
    await server?.close();
    await stack?.close();
  });

  function crewOf(verb: Said): Crew {
    const crew = crews.get(verb);
    if (crew === undefined) throw new Error(`nobody is there for ${verb}`);
    return crew;
  }

  function open({ service }: Crew): void {
    mended.add(service);
    for (const response of waiting.get(service) ?? []) response.writeHead(200).end();
    waiting.delete(service);
  }

  /** A release that is in the state and stays there. */
  async function bring(crew: Crew, state: VerbState): Promise<Progress> {
    const { service } = crew;
    mended.delete(service);
    const doors = {
      closed: `${server.url}/closed/${service}`,
      refusing: `${server.url}/refusing/${service}`,
    };
    await crew.deploy({ ...release, ...state.changes(doors) }, state.freezes?.(Date.now()));
    const there = await crew.when(state.reached);
    switch (state.prepare) {
      case undefined:
        return there;
      case 'pause':
        await stack.client.pause(service, ASKED);
        return crew.when((one) => one.waiting?.why === 'paused' && one.verbs.includes('promote'));
      case 'break':
        await crew.fault();
        return crew.when((one) => one.waiting?.why === 'held');
      case 'abort':
        await stack.client.abort(service, ASKED);
        await poll(WITHIN_MS, async () => waiting.get(service));
        return crew.when(({ phase }) => phase !== 'ended');
      default:
        return state.prepare satisfies never;
    }
  }

  async function refuses(crew: Crew, state: VerbState, before: Progress): Promise<void> {
    for (const verb of VERBS.filter((one) => !state.takes.includes(one))) {
      await expect(
        stack.client.steer(crew.service, verb, {
          ...ASKED,
          ...{ gate: 'go', step: 'stabilize', byMs: 1000, overrideFreeze: true },
        }),
        verb,
      ).rejects.toMatchObject({ code: 'NotAllowedNow' });
    }
    // Without a trace.
    expect((await crew.progress()).audit).toEqual(before.audit);
  }

  /** Says it, sees that it did what it is for, and brings the service to rest. */
  async function say(crew: Crew, state: VerbState, verb: Said, before: Progress): Promise<void> {
    const { service } = crew;
    if (verb === 'rollback') await stack.client.rollback(service, ASKED);
    else await stack.client.steer(service, verb, { ...ASKED, ...state.details?.[verb] });
    // Or it carries out the step before which it was held.
    const moved = ({ at, phase, weights, version }: Progress): boolean =>
      at > before.at ||
      phase === 'ended' ||
      shareOf(weights, version) > shareOf(before.weights, version);
    switch (verb) {
      case 'abort':
      case 'reject':
      case 'rollback':
        open(crew);
        return crew.endsWith('aborted');
      case 'pause':
        expect((await crew.progress()).verbs).toContain('resume');
        await stack.client.resume(service, ASKED);
        expect((await crew.progress()).verbs).toContain('pause');
        break;
      case 'resume':
        expect((await crew.progress()).verbs).not.toContain('resume');
        break;
      case 'promote':
      case 'approve':
        open(crew);
        await crew.when(moved);
        break;
      case 'promote_full':
        open(crew);
        await crew.when(({ weights, version }) =>
          weights.some((one) => one.version === version && one.weightPercent === 100),
        );
        break;
      case 'step_back': {
        const { weights } = await crew.when((one) => one.waiting?.why === 'paused' && !moved(one));
        expect(shareOf(weights, before.version)).toBeLessThan(
          shareOf(before.weights, before.version),
        );
        break;
      }
      case 'retry':
        mended.add(service);
        await stack.client.steer(service, 'retry', ASKED).catch(() => undefined);
        await crew.when(moved);
        break;
      case 'extend': {
        const { step } = state.details?.extend ?? {};
        const timeOf = ({ steps }: Progress): number =>
          steps.find((one) => one.name === step)?.forMs ?? 0;
        expect(timeOf(await crew.progress())).toBe(timeOf(before) + 60_000);
        break;
      }
      default:
        return verb satisfies never;
    }
    const isAborted = await stack.client.abort(service, ASKED).then(
      () => true,
      // It has come so far that only its end is left, or is there already.
      (error: unknown) => {
        expect(error).toMatchObject({ code: expect.stringMatching(/^(NotAllowedNow|NotFound)$/) });
        return false;
      },
    );
    open(crew);
    return crew.endsWith(isAborted ? 'aborted' : 'succeeded');
  }

  test.each(states)('$name takes what makes sense, and nothing else', async (state) => {
    const verbs = [...state.takes, 'rollback' as const];
    await Promise.all(
      verbs.map(async (verb) => {
        const crew = crewOf(verb);
        const before = await bring(crew, state);
        expect(before.verbs, verb).toEqual(VERBS.filter((one) => state.takes.includes(one)));
        if (verb === 'rollback') await refuses(crew, state, before);
        if (state.takes.length > 0) return say(crew, state, verb, before);
        open(crew);
        return crew.endsWith('aborted');
      }),
    );
  });

  test('after its end is answered that nothing runs', async () => {
    const { service } = crewOf('rollback');
    for (const verb of VERBS) {
      await expect(stack.client.steer(service, verb, ASKED), verb).rejects.toMatchObject({
        code: 'NotFound',
      });
    }
  });

  test('has lost no request', () => {
    for (const crew of crews.values()) {
      const { failed, examples, requests } = crew.load().counts();
      expect({ failed, examples }).toEqual({ failed: 0, examples: [] });
      expect(requests).toBeGreaterThan(100);
    }
  });
});

function shareOf(weights: Progress['weights'], version: string): number {
  return weights.find((one) => one.version === version)?.weightPercent ?? 0;
}

/** A service with its first version and some users. */
async function muster(stack: TestStack, service: string, release: Partial<ReleaseDocument>) {
  const { client, environment } = stack;
  let count = 0;
  let workflowId = '';
  let load: RunningLoad | undefined;

  const progress = (): Promise<Progress> => client.progress(workflowId);
  const crew = {
    service,
    progress,
    load(): RunningLoad {
      load ??= startLoad({
        url: stack.balancer.url,
        connections: 2,
        requestsPerSecond: 15,
        headers: { 'x-belay-service': service },
      });
      return load;
    },
    async deploy(
      document: Partial<ReleaseDocument>,
      freezeWindows: ReleaseSpec['freezeWindows'] = [],
    ): Promise<void> {
      const spec = { ...stack.specOf(`v${count}`, document), service, freezeWindows };
      count += 1;
      workflowId = begun(await client.deploy({ release: spec, ...ASKED })).workflowId;
    },
    when: (wanted: (progress: Progress) => boolean): Promise<Progress> =>
      poll(WITHIN_MS, async () => {
        const now = await progress();
        return wanted(now) ? now : undefined;
      }).catch(async () => {
        const { phase, at, steps, waiting, timeline } = await progress();
        const where = { service, phase, step: steps[at], waiting, timeline: timeline.slice(-5) };
        throw new Error(`never there: ${JSON.stringify(where)}`);
      }),
    /** Every request of the candidate fails from now on. */
    async fault(): Promise<void> {
      for (const { host, port } of await environment.find(service, `v${count - 1}`)) {
        await (await fetch(`http://${host}:${port}/__fault?set=errors`)).text();
      }
    },
    /** The run has ended so, and one version has all of the traffic and alone still runs. */
    async endsWith(outcome: string): Promise<void> {
      const report = await client.result(workflowId);
      expect(report, report.reason).toMatchObject({ outcome, left: [] });
      const { stable, active } = await client.history(service);
      expect(active).toBeUndefined();
      const { routes } = await stack.router.read(service, signal);
      const weights = routes.map((route) => [route.version, route.weightPercent]);
      expect(weights).toEqual([[stable, 100]]);
      expect(await environment.versions(service)).toEqual([stable]);
    },
    async close(): Promise<void> {
      await load?.stop();
      await environment.stop(service, 1000, signal);
    },
  };
  await crew.deploy({ ...release, ...QUICK, stabilization_period: '1s', cleanup_delay: undefined });
  await crew.when(({ phase }) => phase === 'stabilizing');
  crew.load();
  const { outcome, reason } = await client.result(workflowId);
  if (outcome !== 'succeeded') throw new Error(`${service}: ${reason}`);
  return crew;
}
