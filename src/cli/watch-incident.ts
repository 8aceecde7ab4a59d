import type { BelayClient, IncidentView } from '../client/client.ts';
import type { CliDeps } from './deps.ts';
import { renderSaid } from './render/incident.ts';
import { createStyle } from './render/style.ts';

const LOOK_EVERY_MS = 500;

/**
 * Follows an incident to its end: each entry of its timeline as it comes. Ending the program ends
 * the watching, not the incident.
 */
export async function watchIncident(
  client: BelayClient,
  id: string,
  deps: CliDeps,
  output: 'text' | 'json',
): Promise<IncidentView> {
  const style = createStyle(deps.colors);
  const seen = new Set<string>();
  for (;;) {
    const view = await client.incidents.show(id);
    for (const entry of view.timeline) {
      const key = JSON.stringify(entry);
      if (seen.has(key)) continue;
      seen.add(key);
      deps.out(`${output === 'json' ? key : renderSaid(entry.atMs, entry.text, style)}\n`);
    }
    if (view.status === 'resolved' || view.status === 'never_acknowledged') {
      const word = view.status.replaceAll('_', ' ');
      deps.out(output === 'json' ? `${JSON.stringify(view)}\n` : `${id} ${word}\n`);
      return view;
    }
    await deps.pause(LOOK_EVERY_MS);
  }
}
