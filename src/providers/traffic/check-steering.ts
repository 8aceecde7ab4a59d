import { Failure } from '../../domain/failure.ts';
import type { Capabilities, Match, Steering, TrafficChange } from './router.ts';

/** What a header or a cookie may be called (RFC 9110, token). */
const NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/;
/** Browsers keep no cookie for longer: 400 days. */
const MAX_AGE_S = 400 * 86_400;
const SALT_MAX = 200;
const VALUE_MAX = 256;
const MATCHES_MAX = 20;

/** What a router refuses because it cannot do it, and steering that nobody could carry out. */
export function requireAble(change: TrafficChange, can: Capabilities): void {
  const { service, routes, affinity, matches, mirror } = change;
  const refuse = (why: string): never => {
    throw new Failure('TrafficRefused', `${service}: ${why}`);
  };
  if (routes.length > can.routesMax) {
    refuse(`${routes.length} versions at once, but this router carries ${can.routesMax}`);
  }
  if (mirror !== undefined && !can.mirror) refuse('this router cannot mirror requests');
  if (affinity !== undefined && !can.affinity) refuse('this router knows no affinity');
  if (matches !== undefined && !can.match) refuse('this router knows no matches');
  const problem = problemOf(change);
  if (problem !== undefined) refuse(problem);
}

function problemOf({ affinity, matches = [], mirror }: Steering): string | undefined {
  if (affinity !== undefined) {
    const { cookie, maxAgeS, salt } = affinity;
    if (!NAME.test(cookie)) return `"${cookie}" cannot be the name of a cookie`;
    if (salt === '' || salt.length > SALT_MAX) return `a salt has 1 to ${SALT_MAX} characters`;
    if (!isWhole(maxAgeS, 1, MAX_AGE_S)) return `a cookie lives 1 to ${MAX_AGE_S} seconds`;
  }
  if (mirror !== undefined && !isWhole(mirror.percent, 0, 100)) {
    return 'a mirror has a whole percent from 0 to 100';
  }
  if (matches.length > MATCHES_MAX) return `more than ${MATCHES_MAX} matches`;
  return matches.map(problemOfMatch).find((problem) => problem !== undefined);
}

function problemOfMatch({ in: place, name, value }: Match): string | undefined {
  if (!NAME.test(name)) return `"${name}" cannot be the name of a ${place}`;
  return value.length > VALUE_MAX
    ? `the value for ${name} has more than ${VALUE_MAX} characters`
    : undefined;
}

function isWhole(value: number, from: number, to: number): boolean {
  return Number.isInteger(value) && value >= from && value <= to;
}

/** Only the steering of a change or a state; what is absent stays absent. */
export function steeringOf({ affinity, matches, mirror }: Steering): Steering {
  return {
    ...(affinity === undefined ? {} : { affinity }),
    ...(matches === undefined || matches.length === 0 ? {} : { matches }),
    ...(mirror === undefined ? {} : { mirror }),
  };
}
