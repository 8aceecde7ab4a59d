import { type AddCommand, example } from './command.ts';

/** Loaded only when it is asked for. */
export const addIngest: AddCommand = (program) => {
  program
    .command('ingest')
    .description('Take alerts and silences in as Alertmanager does. Configured by environment.')
    .addHelpText(
      'after',
      '\nEnvironment:\n' +
        '  BELAY_INGEST_ADDRESS  host:port for POST /api/v2/alerts, /api/v2/silences and the like,\n' +
        '                        POST /heartbeat/NAME and /metrics; default: 127.0.0.1:9093\n' +
        '  BELAY_INGEST_AT_ONCE  requests that are worked on at once; default: 32\n' +
        "  BELAY_ALERT_STORE     the store of last messages, the same as the workers':\n" +
        '                        sqlite:/path/file.db or postgres://user:password@host/database;\n' +
        '                        default: none, and alerts sent again fill histories\n' +
        '  BELAY_TASK_QUEUE      of the workers; default: belay\n' +
        '  TEMPORAL_ADDRESS      where Temporal is, and all else as for the Temporal CLI\n' +
        example('BELAY_INGEST_ADDRESS=:9093 belay ingest'),
    )
    .action(async () => {
      const { runIngest } = await import('../../ingest/main.ts');
      await runIngest(process.env);
    });
};
