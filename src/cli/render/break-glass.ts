import type { Taken } from '../../worker/break-glass.ts';

type Routes = Taken['before']['routes'];

const weights = (routes: Routes): string =>
  routes.map(({ version, weightPercent }) => `${version} ${weightPercent} %`).join(', ');

/** What would be done, for a person who has not named a version. */
export function renderIntent({ before, toVersion }: Taken): string {
  return (
    `${before.service} is at ${weights(before.routes)} (${before.key})\n` +
    `all traffic would go to ${toVersion}: the version that has been there for longest\n` +
    'nothing has been done: say it again with --yes, or name a version with --to\n'
  );
}

/** What has been done by hand, and what is left to do. */
export function renderBroken(
  { before, toVersion, generation, key }: Taken,
  after: { readonly routes: Routes },
  why: string,
): string {
  const { service } = before;
  return (
    `${service} was at ${weights(before.routes)}, and is at ${weights(after.routes)} now\n` +
    `confirmed by the load balancer: generation ${generation}, key ${key}\n` +
    '\nnext\n' +
    `  look at the service: all of its traffic is on ${toVersion} now\n` +
    '  no instance was removed, and no release was told\n' +
    '  once Temporal is back, a release that was running sees it and follows: traffic stays\n' +
    `  if none was running, tell Belay: belay rollback ${service} --to ${toVersion} ` +
    `--why "by hand: ${why}"\n`
  );
}
