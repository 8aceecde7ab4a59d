import { Failure } from '../../domain/failure.ts';
import type { BelayClient, IncidentView } from '../../client/client.ts';
import type { CliDeps } from '../deps.ts';
import { renderIncident, renderIncidents } from '../render/incident.ts';
import { createStyle } from '../render/style.ts';
import { watchIncident } from '../watch-incident.ts';
import { type AddCommand, printJson, withClient } from './command.ts';
import { addIncidentVerbs } from './incident-verbs.ts';
import { incidentOf } from './incident-of.ts';
import { addOpen } from './open-incident.ts';

const HELP = `
An INCIDENT is its id, like incident/3f9ac0ffee…, or the first digits of it that no other has:
\`belay incident list\` prints enough of them.

Example:
  $ belay incident open payments "checkout answers 500" --why "its alert fires"
  $ belay incident list
  $ belay incident ack 3f9ac0ffee --why "I look at it"
  $ belay incident show 3f9ac0ffee
  $ belay incident resolve 3f9ac0ffee --why "rolled back"

Exit status: 0 done; 1 nobody has acknowledged it (watch); 2 usage; 3 refused: somebody was first,
or it makes no sense now; 4 not found; 5 Temporal or a worker is missing. An acknowledgement that no
worker has answered exits 5 as well, but is durable: it need not be repeated.
`;

interface Options {
  readonly json?: boolean;
}

/** Incidents: open one, answer it, and see who has been paged. */
export const addIncident: AddCommand = (program, deps, exit) => {
  const incident = program
    .command('incident')
    .usage('COMMAND [options]')
    .description('Open incidents, answer them, and see who has been paged.')
    .addHelpText('after', HELP);
  for (const add of [addOpen, addIncidentVerbs, addShow, addList, addWatch]) {
    add(incident, deps, exit);
  }
};

const addShow: AddCommand = (incident, deps, exit) => {
  incident
    .command('show')
    .argument('<incident>', 'its id, or the first digits of it')
    .description('Who has been paged, what arrived, what may still arrive, and all that was said.')
    .option('--json', 'JSON instead of text')
    .action(async (what: string, { json }: Options) => {
      const view = await withClient(deps, async (client) =>
        client.incidents.show(await incidentOf(client, what)),
      );
      if (json === true) printJson(deps, view);
      else deps.out(renderIncident(view, deps.now(), createStyle(deps.colors)));
      exit(0);
    });
};

const addList: AddCommand = (incident, deps, exit) => {
  incident
    .command('list')
    .description('Incidents that are open, the newest first. New ones appear after a moment.')
    .option('--all', 'also those that have ended and Temporal still keeps')
    .option('--json', 'JSON instead of text')
    .action(async ({ all = false, json }: Options & { readonly all?: boolean }) => {
      await withClient(deps, (client) => list(client, { all, json: json === true }, deps));
      exit(0);
    });
};

/** So many are asked how they stand; of the others only what Temporal lists is said. */
const ASKED_MAX = 20;

/** How each stands only a worker can say: without one the list is shorter, not missing. */
async function list(
  client: BelayClient,
  { all, json }: { readonly all: boolean; readonly json: boolean },
  deps: CliDeps,
): Promise<void> {
  const summaries = await client.incidents.list({ all });
  const asked = summaries.slice(0, ASKED_MAX);
  const views = await Promise.all(asked.map(({ id }) => viewOf(client, id)));
  const listed = summaries.map((summary, at) => ({ ...summary, view: views[at] }));
  if (json) {
    printJson(
      deps,
      listed.map(({ view, ...summary }) => ({ ...summary, status: view?.status ?? null })),
    );
  } else deps.out(renderIncidents(listed, deps.now()));
}

async function viewOf(client: BelayClient, id: string): Promise<IncidentView | undefined> {
  try {
    return await client.incidents.show(id);
  } catch (error) {
    if (error instanceof Failure && error.code !== 'Internal') return undefined;
    throw error;
  }
}

const addWatch: AddCommand = (incident, deps, exit) => {
  incident
    .command('watch')
    .argument('<incident>', 'its id, or the first digits of it')
    .description('Follow it to its end. Exits 1 when nobody has acknowledged it.')
    .option('--json', 'one line of JSON for each entry, then the whole')
    .action(async (what: string, { json }: Options) => {
      const { status } = await withClient(deps, async (client) =>
        watchIncident(
          client,
          await incidentOf(client, what),
          deps,
          json === true ? 'json' : 'text',
        ),
      );
      exit(status === 'resolved' ? 0 : 1);
    });
};
