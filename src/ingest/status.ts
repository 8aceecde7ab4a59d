import type { AlertCalls } from '../client/client.ts';
import type { Handle } from './http.ts';
import { writeTime } from './time.ts';

const UNKNOWN = { branch: '', buildDate: '', buildUser: '', goVersion: '', revision: '' } as const;

/** `GET /api/v2/status`: what tools ask to see whether it is an Alertmanager. */
export function showStatus(calls: AlertCalls, startedAtMs: number): Handle {
  return async () => {
    const { configuration, version } = await calls.show();
    return {
      status: 200,
      json: {
        // There are no peers: every such process is one of the same Belay.
        cluster: { status: 'disabled', peers: [] },
        config: { original: JSON.stringify(configuration ?? {}, null, 2) },
        uptime: writeTime(startedAtMs),
        versionInfo: { ...UNKNOWN, version: `belay, configuration ${version}` },
      },
    };
  };
}

/** `GET /-/healthy`: it runs. */
export const showHealthy: Handle = async () => ({ status: 200, text: 'OK' });

/** `GET /-/ready`: an alert that came now could be shared out. */
export function showReady(calls: AlertCalls): Handle {
  return async () => {
    await calls.post([]);
    return { status: 200, text: 'OK' };
  };
}

/** `POST /heartbeat/NAME`. */
export function postHeartbeat(calls: AlertCalls, counted: () => void): Handle {
  return async ({ name }) => {
    await calls.beat(name);
    counted();
    return { status: 200 };
  };
}
