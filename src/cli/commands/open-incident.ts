import { InvalidArgumentError, Option } from 'commander';
import type { OpenRequest } from '../../client/client.ts';
import { SEVERITIES, type Severity } from '../../domain/escalation/severity.ts';
import { type Asking, addAsking, requestOf } from './asking.ts';
import { type AddCommand, example, printJson, withClient } from './command.ts';
import { shortId } from '../render/short-id.ts';

interface Options extends Asking {
  readonly severity: Severity;
  readonly text?: string;
  readonly key?: string;
  readonly source?: string;
  readonly label: Readonly<Record<string, string>>;
  readonly link: NonNullable<OpenRequest['links']>;
  readonly json?: boolean;
}

export const addOpen: AddCommand = (incident, deps, exit) => {
  const command = incident
    .command('open')
    .argument('<policy>', "who is paged, by its name in the workers' paging file")
    .argument('<title>', 'what has happened, in one line')
    .description('Open an incident: people are paged, level after level, until one answers.')
    .addOption(
      new Option('--severity <severity>', 'how bad').choices(SEVERITIES).default('critical'),
    )
    .option('--text <text>', 'all that helps whoever is paged')
    .option('--key <key>', 'reports of the same policy and key are one incident while it is open')
    .option('--source <name>', 'who reports; default: who asks')
    .option('--label <name=value>', 'any number of times', readLabel, {})
    .option('--link <url>', 'URL or TEXT=URL, any number of times', readLink, [])
    .option('--json', 'JSON instead of text')
    .addHelpText(
      'after',
      example(
        'belay incident open payments "checkout answers 500" --key checkout-500 \\\n' +
          '      --link runbook=https://wiki.example.org/checkout --why "its alert fires"',
      ),
    )
    .action(async (policy: string, title: string, options: Options) => {
      const { severity, text, key, source, label: labels, link: links } = options;
      const opened = await withClient(deps, (client) =>
        client.incidents.open({
          ...requestOf(command, options, deps.user, 'opened by hand'),
          ...{ policy, title, severity, labels, links },
          ...(text === undefined ? {} : { text }),
          ...(key === undefined ? {} : { key }),
          ...(source === undefined ? {} : { source }),
        }),
      );
      if (options.json === true) printJson(deps, opened);
      else {
        const what = opened.isNew ? 'is open' : 'was open already: it has been told of this';
        deps.out(
          `${opened.id} ${what}\nlook at it with: belay incident show ${shortId(opened.id)}\n`,
        );
      }
      exit(0);
    });
  addAsking(command);
};

function readLabel(text: string, before: Readonly<Record<string, string>>) {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It is NAME=VALUE.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

function readLink(text: string, before: Options['link']): Options['link'] {
  const [, name, url = text] = /^(?!https?:)([^=]+)=(.*)$/.exec(text) ?? [];
  if (!/^https?:\/\//.test(url)) {
    throw new InvalidArgumentError('It is a URL with http:// or https://, or TEXT=URL.');
  }
  return [...before, { text: name ?? url, url }];
}
