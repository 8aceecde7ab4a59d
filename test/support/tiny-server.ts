import { createServer } from 'node:http';

/**
 * A program for tests of environments: it answers with what it was given. `STUBBORN=1` makes it
 * take no notice of SIGTERM.
 */
const port = Number(process.env.PORT);
const { BELAY_VERSION: version, BELAY_INSTANCE: instance } = process.env;

if (process.env.STUBBORN === '1') process.on('SIGTERM', () => console.log('asked to end'));

createServer((_request, response) => {
  response.setHeader('connection', 'close');
  response.end(
    JSON.stringify({ pid: process.pid, version, instance, port, args: process.argv.slice(2) }),
  );
}).listen(port, '127.0.0.1', () => console.log(`${instance} listens on ${port}`));
