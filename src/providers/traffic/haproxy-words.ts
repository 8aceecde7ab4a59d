import { createHash } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Failure } from '../../domain/failure.ts';
import type { Instance } from '../../domain/release/instance.ts';
import { canonical } from './check-change.ts';
import { addressOf } from './left-instances.ts';
import type { Affinity, Match, Route, TrafficChange, TrafficState } from './router.ts';

/** As release files have them, too: none can be taken for something else in a line. */
const VERSION = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/;

/** What `belay.lua` knows of a service: the state, and which pool each version is in. */
export interface Shown extends TrafficState {
  readonly pools: Readonly<Record<string, string>>;
}

/** Names one state, and fits into a log line, a map and a URL. */
export function servedMark(change: TrafficChange): string {
  const hash = createHash('sha256').update(canonical(change)).digest('hex').slice(0, 16);
  return `${change.generation}-${hash}`;
}

/** A change as `belay apply` takes it; texts that a release file chooses are in hexadecimal. */
export async function wordsOf(change: TrafficChange, served: string): Promise<readonly string[]> {
  const { service, generation, key, after, affinity, matches = [] } = change;
  const routes = await Promise.all(change.routes.map(wordOfRoute));
  return [
    ...['apply', service, String(generation), served, key, ...routes],
    ...(after === undefined ? [] : [`after:${after}`]),
    ...(affinity === undefined
      ? []
      : [`affinity:${toHex(affinity.cookie)}:${affinity.maxAgeS}:${toHex(affinity.salt)}`]),
    ...matches.map(wordOfMatch),
  ];
}

async function wordOfRoute({ version, weightPercent, instances }: Route): Promise<string> {
  requireVersion(version);
  const addresses = await addressesOf(instances, version);
  return `${version}/${weightPercent}/${addresses.join(',')}`;
}

function wordOfMatch({ version, in: place, name, how, value }: Match): string {
  requireVersion(version);
  return ['match', version, place, toHex(name), how, toHex(value)].join(':');
}

function requireVersion(version: string): void {
  if (VERSION.test(version)) return;
  throw new Failure('TrafficRefused', `HAProxy cannot be told the version "${version}"`);
}

/** HAProxy keeps no names: each is resolved now, to an IPv4 address. */
export async function addressesOf(
  instances: readonly Instance[],
  version: string,
): Promise<readonly string[]> {
  return Promise.all(
    instances.map(async ({ host, port }) => {
      if (isIP(host) !== 0) return addressOf({ host, port });
      const { address } = await lookup(host, 4).catch((error: unknown) => {
        throw new Failure('TrafficRefused', `the host ${host} of ${version}: ${String(error)}`);
      });
      return addressOf({ host: address, port });
    }),
  );
}

/**
 * `ok GENERATION SERVED KEY`, then a line a route, in their order: `a VERSION WEIGHT
 * IP:PORT,IP:PORT`. Then, where there are any, `affinity` and `match` with what `belay apply` took.
 */
export function parseShown(service: string, answer: string): Shown {
  const [head = '', ...lines] = answer.trimEnd().split('\n');
  const [, generation, , key = ''] = head.split(' ');
  const pools: Record<string, string> = {};
  const routes: Route[] = [];
  const matches: Match[] = [];
  let affinity: Affinity | undefined;
  for (const line of lines) {
    const [kind = '', ...words] = line.split(' ');
    if (kind === 'affinity') affinity = parseAffinity(words);
    else if (kind === 'match') matches.push(parseMatch(words));
    else {
      const route = parseRoute(words);
      pools[route.version] = kind;
      routes.push(route);
    }
  }
  return {
    ...{ service, generation: Number(generation), key, routes, pools },
    ...(affinity === undefined ? {} : { affinity }),
    ...(matches.length === 0 ? {} : { matches }),
  };
}

function parseRoute([version = '', weight, addresses = '']: readonly string[]): Route {
  const instances = addresses
    .split(',')
    .filter((address) => address !== '')
    .map((address) => {
      const colon = address.lastIndexOf(':');
      return { id: address, host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
    });
  return { version, weightPercent: Number(weight), instances };
}

function parseAffinity([cookie = '', maxAgeS, salt = '']: readonly string[]): Affinity {
  return { cookie: fromHex(cookie), maxAgeS: Number(maxAgeS), salt: fromHex(salt) };
}

function parseMatch([version = '', place, name = '', how, value = '']: readonly string[]): Match {
  return {
    version,
    in: place === 'cookie' ? 'cookie' : 'header',
    name: fromHex(name),
    how: how === 'prefix' || how === 'present' ? how : 'exact',
    value: fromHex(value),
  };
}

function toHex(text: string): string {
  return Buffer.from(text).toString('hex');
}

function fromHex(hex: string): string {
  return Buffer.from(hex, 'hex').toString();
}
