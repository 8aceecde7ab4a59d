import { loadWithAffinity } from '../test/support/affinity-load.ts';

/**
 * 100,000 requests of 10,000 users while the weight of the candidate goes 5, 25, 50 %: how many
 * users are sent back from the candidate to the stable version, and how far the split is off.
 * `npm run bench:affinity -- --json` ends with
 * `{haproxy: {requests, users, flipped, splitErrorPoints: {5, 25, 50}, tookMs}, embedded: {…}}`.
 */
const LOAD = { requests: 100_000, users: 10_000 };

const rows = {
  haproxy: await loadWithAffinity('haproxy', LOAD),
  embedded: await loadWithAffinity('embedded', LOAD),
};
process.stdout.write('balancer  requests  users  flipped  off at 5, 25, 50 % (points)  took ms\n');
for (const [name, { requests, users, flipped, splitErrorPoints, tookMs }] of Object.entries(rows)) {
  const off = Object.values(splitErrorPoints).join(', ');
  const cells = [name.padEnd(8), String(requests).padEnd(8), String(users).padEnd(5)];
  cells.push(String(flipped).padEnd(7), off.padEnd(27), String(tookMs));
  process.stdout.write(`${cells.join('  ')}\n`);
}
if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(rows)}\n`);
if (Object.values(rows).some(({ flipped }) => flipped > 0)) process.exitCode = 1;
