import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startChild } from '../../src/dev/children.ts';
import { pythonPackages } from './python-packages.ts';

const PROGRAM = fileURLToPath(new URL('smtp/server.py', import.meta.url));
const REQUIREMENTS = fileURLToPath(new URL('smtp/requirements.txt', import.meta.url));
export const SMTP_USER = 'belay';

/** A message as the server took it. */
export interface TakenMail {
  readonly from: string;
  readonly to: readonly string[];
  /** As it came: headers and body. */
  readonly content: string;
  readonly isEncrypted: boolean;
  readonly user: string | null;
}

export interface SmtpServer {
  readonly ports: { readonly none: number; readonly starttls: number; readonly implicit: number };
  /** PEM, of its certificate, which it has signed itself. */
  readonly caFile: string;
  taken(): readonly TakenMail[];
  close(): Promise<void>;
}

/**
 * A real mail server, `aiosmtpd`: without TLS, with STARTTLS and with TLS from the start; the two
 * with TLS want the user and the password. `smtp/server.py` says how it is made to misbehave.
 */
export async function startSmtpServer(password: string): Promise<SmtpServer> {
  const folder = mkdtempSync(join(tmpdir(), 'belay-smtp-'));
  const caFile = join(folder, 'certificate.pem');
  const certificate = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2'];
  certificate.push('-subj', '/CN=mail.test', '-addext', 'subjectAltName=IP:127.0.0.1');
  certificate.push('-keyout', join(folder, 'key.pem'), '-out', caFile);
  await promisify(execFile)('openssl', certificate);
  writeFileSync(join(folder, 'password'), password);
  const child = await startChild({
    command: 'python3',
    args: [PROGRAM, folder],
    env: {
      PATH: process.env.PATH,
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONPATH: await pythonPackages('python-smtp', REQUIREMENTS),
    },
    log: join(folder, 'log'),
    ready: (line) => line.startsWith('serving '),
  });
  const messages = join(folder, 'messages.jsonl');
  return {
    ports: JSON.parse(child.said.slice('serving '.length)),
    caFile,
    taken() {
      const lines = existsSync(messages) ? readFileSync(messages, 'utf8').trim().split('\n') : [];
      return lines.map((line) => {
        const { content, tls, ...rest } = JSON.parse(line);
        return {
          ...rest,
          isEncrypted: tls,
          content: Buffer.from(content, 'base64').toString('utf8'),
        };
      });
    },
    async close() {
      await child.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
