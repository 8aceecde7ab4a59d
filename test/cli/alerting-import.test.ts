import { describe, expect, test } from 'vitest';
import { run } from './run-cli.ts';

const ALERTMANAGER = `
global: { resolve_timeout: 10m, slack_api_url: https://hooks.example.org/s3cret }
route:
  receiver: team
  routes: [{ match: { severity: page }, receiver: team, group_by: [alertname] }]
receivers: [{ name: team, slack_configs: [{ channel: '#x', send_resolved: true }] }]
`;

const files = {
  '/srv/alertmanager.yml': ALERTMANAGER,
  '/srv/wrong.yml': ALERTMANAGER.replace('receiver: team,', 'receiver: nobody,'),
  '/srv/there.yaml': '',
};

const importing = (...args: readonly string[]) => run(['alerting', 'import', ...args], { files });

const LEFT = [
  'alertmanager.yml:2:48: global.slack_api_url: belongs to the channels of the paging file: set it there',
  'alertmanager.yml:6:43: receivers.0.slack_configs.0: make a channel team-slack of type slack in the paging file',
  '2 to look at',
  '',
];

describe('alerting import', () => {
  test('prints an alerting file that is valid, and tells what is left beside it', async () => {
    const { code, out, err, connected, written } = await importing('alertmanager.yml');
    expect({ code, connected, written }).toEqual({ code: 0, connected: 0, written: {} });
    expect(out).toContain('resolve_timeout: 10m\n');
    expect(err.split('\n')).toEqual(LEFT);
    expect(out + err).not.toContain('s3cret');
    const checked = await run(['alerting', 'check', 'new.yaml'], {
      files: { '/srv/new.yaml': out },
    });
    expect(checked).toMatchObject({ code: 0, err: '' });
  });

  test('writes it where --out says', async () => {
    const printed = await importing('alertmanager.yml');
    const { code, out, err, written } = await importing('alertmanager.yml', '--out', 'new.yaml');
    expect({ code, out }).toEqual({ code: 0, out: '' });
    expect(written).toEqual({ '/srv/new.yaml': printed.out });
    expect(err.split('\n')).toEqual(LEFT);
    const both = await importing('alertmanager.yml', '--out', 'new.yaml', '--json');
    expect(both).toMatchObject({ code: 0, err: '', written });
    expect(JSON.parse(both.out)).toHaveProperty('document.route.receiver', 'team');
  });

  test('overwrites nothing', async () => {
    const { code, err, written } = await importing('alertmanager.yml', '--out', 'there.yaml');
    expect({ code, written }).toEqual({ code: 2, written: {} });
    expect(err).toMatch(/^error: there\.yaml cannot be written: EEXIST/);
  });

  test('gives all of it as JSON', async () => {
    const { code, out, err } = await importing('alertmanager.yml', '--json');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toMatchObject({
      document: { route: { receiver: 'team', routes: [{ matchers: ['severity="page"'] }] } },
      channels: [{ name: 'team-slack', type: 'slack', path: 'receivers.0.slack_configs.0' }],
      left: [{ path: 'global.slack_api_url' }, { path: 'receivers.0.slack_configs.0' }],
    });
  });

  test('a configuration that Alertmanager would refuse is refused', async () => {
    const { code, out, err } = await importing('wrong.yml');
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('route.routes.0.receiver: there is no receiver nobody in this file');
  });
});
