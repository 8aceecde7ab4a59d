import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { IncidentView } from '../client/client.ts';
import { type PageFacts, pagesAfterAck, proofsOf, seconds } from './demo-page-proof.ts';
import { DEMO_SECRETS, LEVELS, LEVEL_WAIT_MS, PAGE_STORY, demoPaging } from './demo-paging.ts';
import { releaseAll } from './demo-run.ts';
import { say } from './demo-say.ts';
import type { DemoScenario, DemoShown } from './demo-scenario.ts';
import { type PretendPagerDuty, startPretendPagerDuty } from './pretend/pagerduty.ts';
import { type PretendSlack, startPretendSlack } from './pretend/slack.ts';
import type { RunningStack } from './stack.ts';

const LOOK_EVERY_MS = 250;
/** For whoever sits at the other terminal, after the second level. */
const PERSON_WITHIN_MS = 60_000;
const SEEN_WITHIN_MS = 60_000;
const COMMAND_WITHIN_MS = 60_000;
/** A whole round, and half a level more. */
const QUIET_MS = LEVELS * LEVEL_WAIT_MS + LEVEL_WAIT_MS / 2;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export type Person = 'awaited' | 'none';

export interface PageScenarioOptions {
  readonly folder: string;
  readonly person: Person;
  /** Of the second process. */
  readonly environment: NodeJS.ProcessEnv;
}

/** `PERSON=none`: nobody is waited for, the demo runs the command at once. */
export function readPerson(text: string | undefined): Person {
  if (text === undefined) return 'awaited';
  if (text === 'none') return 'none';
  throw new Error(`PERSON is none, or is left out, not "${text}"`);
}

/**
 * A bad release goes back, and its incident pages two levels through pretended providers, until
 * somebody acknowledges it from another process.
 */
export async function startPageScenario(options: PageScenarioOptions): Promise<DemoScenario> {
  const { DEMO_SLACK_TOKEN: botToken, DEMO_PAGERDUTY_KEY: routingKey } = DEMO_SECRETS;
  const slack = await startPretendSlack({ botToken, signingSecret: 'unused' });
  const pagerDuty = await startPretendPagerDuty({ routingKey, webhookSecret: 'unused' });
  const file = join(options.folder, 'paging.json');
  const document = demoPaging({ slackUrl: slack.apiUrl, pagerDutyUrl: pagerDuty.enqueueUrl });
  writeFileSync(file, JSON.stringify(document, null, 2));
  say(`Slack, pretended here:      ${slack.apiUrl}`);
  say(`PagerDuty, pretended here:  ${pagerDuty.enqueueUrl}`);
  return {
    paging: { file, secrets: DEMO_SECRETS },
    play: (stack, stopping) => play({ slack, pagerDuty, stack, stopping, ...options }),
    async close() {
      await slack.close();
      await pagerDuty.close();
    },
  };
}

interface Scene extends PageScenarioOptions {
  readonly slack: PretendSlack;
  readonly pagerDuty: PretendPagerDuty;
  readonly stack: RunningStack;
  readonly stopping: AbortSignal;
}

async function play(scene: Scene): Promise<DemoShown> {
  const { stack, slack, pagerDuty } = scene;
  const look = createLook(scene);
  const { reports, counts } = await releaseAll(stack, PAGE_STORY, async ({ incident }) => {
    await look(incident);
  });
  const report = reports.at(-1);
  if (report?.incident === undefined) throw new Error('the release has opened no incident');
  const { incident: id, version, outcome } = report;
  const until = createUntil(look, id);

  await until(hasPagedAll, SEEN_WITHIN_MS, 'both levels have been paged');
  await acknowledge(scene, id, until);
  await until(isSettled, SEEN_WITHIN_MS, 'nothing is under way any more');
  const fromMs = Date.now();
  say(`── for ${seconds(QUIET_MS)}, more than a whole round, nobody may be paged now`);
  const isOver = (): boolean => Date.now() >= fromMs + QUIET_MS;
  const incident = await until(isOver, 2 * QUIET_MS, 'this time is over');
  const quiet = { fromMs, untilMs: Date.now() };
  const seen = { release: { version, outcome }, requests: counts, slack, pagerDuty, quiet };
  say(`${pagesAfterAck({ ...seen, incident })} pages since the acknowledgement was answered`);
  await run(scene, `incident show ${short(id)}`);
  if (incident.status !== 'resolved') {
    await run(
      scene,
      `incident resolve ${short(id)} --who demo --why "v1 serves, and was verified"`,
    );
  }
  await stack.client.incidents.result(id);
  const ended = await until(() => true, SEEN_WITHIN_MS, 'it is resolved');
  return summarize({ ...seen, incident: ended });
}

const hasPagedAll = ({ status, ledger }: IncidentView): boolean =>
  status !== 'triggered' ||
  ledger.some(({ level, state }) => level === LEVELS && state === 'accepted');

const isSettled = ({ status, ledger }: IncidentView): boolean =>
  status !== 'triggered' && ledger.every(({ state }) => state !== 'sending');

type Look = (id: string | undefined) => Promise<IncidentView | undefined>;
type Until = (
  is: (view: IncidentView) => boolean,
  withinMs: number,
  what: string,
) => Promise<IncidentView>;

/** Says what has come since it was called last: to the providers, and into the incident. */
function createLook({ slack, pagerDuty, stack, stopping }: Scene): Look {
  let [calls, events, entries] = [0, 0, 0];
  return async (id) => {
    stopping.throwIfAborted();
    const view = id === undefined ? undefined : await stack.client.incidents.show(id);
    const timeline = view?.timeline ?? [];
    const news = [
      ...timeline.slice(entries).map(({ atMs, text }) => ({ atMs, text: `incident     ${text}` })),
      ...slack.calls.slice(calls).map(({ atMs, kind, ts, text }) => {
        const which = `message ${1 + slack.shown.findIndex((message) => message.ts === ts)}`;
        const what = kind === 'post' ? `${which}:` : `${which} now says:`;
        return { atMs, text: `Slack        ${what} ${text}` };
      }),
      ...pagerDuty.events.slice(events).map(({ atMs, action, dedupKey, summary }) => {
        const what = summary === '' ? `the event ${dedupKey.slice(0, 10)}` : summary;
        return { atMs, text: `PagerDuty    ${action}: ${what}` };
      }),
    ];
    [calls, events, entries] = [slack.calls.length, pagerDuty.events.length, timeline.length];
    for (const { atMs, text } of news.toSorted((a, b) => a.atMs - b.atMs)) say(text, atMs);
    return view;
  };
}

function createUntil(look: Look, id: string): Until {
  return async (is, withinMs, what) => {
    const endMs = Date.now() + withinMs;
    for (;;) {
      const view = await look(id);
      if (view !== undefined && is(view)) return view;
      if (Date.now() > endMs) throw new Error(`${id}: not seen in ${seconds(withinMs)}: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  };
}

/** By a person at another terminal; where nobody does in time, by the very same command. */
async function acknowledge(scene: Scene, id: string, until: Until): Promise<void> {
  const args = `incident ack ${short(id)} --who you --why "I look at it"`;
  say('── two levels have been paged, and it goes on. In another terminal, in this folder:');
  process.stdout.write(`\n    ${commandOf(scene, args)}\n\n`);
  if (scene.person === 'none') {
    say('PERSON=none: nobody is waited for; the demo runs this command itself');
    return run(scene, args);
  }
  say(`waiting for you; after ${seconds(PERSON_WITHIN_MS)} the demo runs it itself`);
  const endMs = Date.now() + PERSON_WITHIN_MS;
  const { status } = await until(
    (view) => view.status !== 'triggered' || Date.now() >= endMs,
    2 * PERSON_WITHIN_MS,
    'somebody has answered',
  );
  if (status !== 'triggered') return say('somebody has answered from another terminal');
  say('nobody has answered: the demo runs this command itself');
  return run(scene, args);
}

function commandOf({ stack }: Scene, args: string): string {
  return `TEMPORAL_ADDRESS=${stack.temporal.address} npm run --silent belay -- ${args}`;
}

/** A command of a second process, as a person would type it, with all that it prints. */
async function run(scene: Scene, args: string): Promise<void> {
  const command = commandOf(scene, args);
  const { environment: env, stopping } = scene;
  say(`$ belay ${args}`);
  const { status, output } = await new Promise<{ status: string; output: string }>((resolve) => {
    const options = { cwd: ROOT, env, timeout: COMMAND_WITHIN_MS };
    execFile('/bin/sh', ['-c', command], options, (error, out, problems) => {
      resolve({ status: String(error?.code ?? error ?? 0), output: `${out}${problems}` });
    });
  });
  stopping.throwIfAborted();
  process.stdout.write(`${output.trimEnd().replaceAll(/^(?=.)/gm, '    ')}\n`);
  if (status !== '0') say(`ended with status ${status}`);
}

/** As many digits as tell it from all others. */
function short(id: string): string {
  return id.slice('incident/'.length).slice(0, 10);
}

function summarize(facts: PageFacts): DemoShown {
  const proofs = proofsOf(facts);
  const lines = proofs.map(({ what, isSo }) => `    ${isSo ? 'yes' : 'NO '}  ${what}`);
  process.stdout.write(`\npage:\n${lines.join('\n')}\n\n`);
  const { incident, slack, pagerDuty, release, quiet } = facts;
  const isAsPromised = proofs.every(({ isSo }) => isSo);
  return {
    result: {
      scenario: 'page',
      outcome: release.outcome,
      incident: incident.id,
      acknowledgedBy: incident.acknowledgedBy?.by ?? null,
      slackMessages: slack.shown.length,
      pagerDutyEvents: pagerDuty.events.length,
      quietMs: quiet.untilMs - quiet.fromMs,
      pagesAfterAck: pagesAfterAck(facts),
      isAsPromised,
    },
    isAsPromised,
  };
}
