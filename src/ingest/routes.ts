import type { AlertCalls } from '../client/client.ts';
import type { Handle } from './http.ts';
import { listAlerts, listGroups, listReceivers } from './list-alerts.ts';
import type { IngestMetrics } from './metrics.ts';
import { postAlerts } from './post-alerts.ts';
import { deleteSilence, listSilences, postSilence, showSilence } from './silences.ts';
import { postHeartbeat, showHealthy, showReady, showStatus } from './status.ts';

export interface Route {
  /** As its metrics name it: `{name}` stands for anything but a slash. */
  readonly path: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** It takes JSON and nothing else. */
  readonly takesJson: boolean;
  readonly handle: Handle;
}

export interface RouteDeps {
  readonly alerts: AlertCalls;
  readonly metrics: IngestMetrics;
  readonly nowMs: () => number;
}

/** All that is answered, beside `/metrics`. */
export function routesOf({ alerts, metrics, nowMs }: RouteDeps): readonly Route[] {
  const get = (path: string, handle: Handle): Route => ({
    ...{ path, method: 'GET', takesJson: false, handle },
  });
  const post = (path: string, handle: Handle): Route => ({
    ...{ path, method: 'POST', takesJson: true, handle },
  });
  const beat = postHeartbeat(alerts, () => metrics.heartbeat());
  return [
    post(
      '/api/v2/alerts',
      postAlerts(alerts, (taken) => metrics.taken(taken)),
    ),
    get('/api/v2/alerts', listAlerts(alerts, nowMs)),
    get('/api/v2/alerts/groups', listGroups(alerts, nowMs)),
    get('/api/v2/receivers', listReceivers(alerts)),
    post('/api/v2/silences', postSilence(alerts)),
    get('/api/v2/silences', listSilences(alerts, nowMs)),
    get('/api/v2/silence/{name}', showSilence(alerts, nowMs)),
    {
      ...{ path: '/api/v2/silence/{name}', method: 'DELETE', takesJson: false },
      handle: deleteSilence(alerts),
    },
    get('/api/v2/status', showStatus(alerts, nowMs())),
    get('/-/healthy', showHealthy),
    get('/-/ready', showReady(alerts)),
    { path: '/heartbeat/{name}', method: 'POST', takesJson: false, handle: beat },
  ];
}

/** What stands for `{name}`; null, another path; undefined, no text. */
export function nameIn({ path }: Route, pathname: string): string | null | undefined {
  const [before = '', after] = path.split('{name}');
  if (after === undefined) return pathname === path ? '' : null;
  if (!pathname.startsWith(before)) return null;
  const name = pathname.slice(before.length);
  if (name === '' || name.includes('/')) return null;
  try {
    return decodeURIComponent(name);
  } catch {
    return undefined;
  }
}
