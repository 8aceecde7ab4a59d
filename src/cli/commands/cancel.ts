import { FAILURES } from '../../domain/failure.ts';
import { type Asking, addAsking, requestOf } from './asking.ts';
import { type AddCommand, example, printJson, withClient } from './command.ts';

interface Options extends Asking {
  readonly json?: boolean;
}

export const addCancel: AddCommand = (program, deps, exit) => {
  const command = program
    .command('cancel')
    .argument('<service>', 'the service, by the name in its release file')
    .argument('<request-id>', 'of the waiting release, from `belay status SERVICE`')
    .description('Call off a release that waits for its turn. One that runs is ended by abort.')
    .option('--json', 'JSON instead of text')
    .addHelpText('after', example('belay cancel checkout build-1234 --why "superseded"'))
    .action(async (service: string, queuedRequestId: string, options: Options) => {
      const request = requestOf(command, options, deps.user);
      const { cancelled } = await withClient(deps, (client) =>
        client.cancel(service, queuedRequestId, request),
      );
      if (options.json === true) printJson(deps, { cancelled });
      else if (cancelled) deps.out(`${queuedRequestId} no longer waits: it will not begin\n`);
      else {
        deps.out(
          `${queuedRequestId} does not wait: it has begun, or was called off already\n` +
            `look at it with: belay status ${service}; end a running one with: belay abort\n`,
        );
      }
      exit(cancelled ? 0 : FAILURES.NotAllowedNow.exit);
    });
  addAsking(command);
};
