import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { getCACertificates } from 'node:tls';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { Failure } from '../../domain/failure.ts';
import type { ChannelSettings } from '../../domain/paging/channel.schema.ts';
import { ANSWER_WITHIN_MS, saidIn } from './exchange.ts';
import { composeMail } from './mail.ts';
import type { PageChannel } from './page-channel.ts';
import { requireAddress } from './require-address.ts';
import { type SecretPlaces, type Secrets, openSecrets } from './secrets.ts';

type EmailSettings = ChannelSettings<'email'>;

interface EmailDeps extends SecretPlaces {
  readonly answerWithinMs?: number | undefined;
}

/** E-mail by SMTP. A receiver that some server on the way refused is no failure of the others. */
export function createEmailChannel(
  spec: EmailSettings,
  { answerWithinMs = ANSWER_WITHIN_MS, ...places }: EmailDeps,
): PageChannel {
  return {
    can: { dropsRepeats: false, updates: false, answers: false },
    async send(page, signal) {
      requireAddress(spec, page.to);
      const to = page.to === undefined ? (spec.to ?? []) : [page.to];
      const { bytes } = await composeMail(page, { from: spec.from, to });
      const talk = openTalk(spec, openSecrets(places), answerWithinMs, signal);
      return talk.run(async ({ connection, secrets }) => {
        const taken = await new Promise<SMTPConnection.SentMessageInfo>((resolve, reject) => {
          const envelope = { from: spec.from, to: [...to], size: bytes.length };
          connection.send(envelope, talk.watched(bytes), (error, info) =>
            error === null ? resolve(info) : reject(error),
          );
        });
        const refused = taken.rejected.length;
        const rest = refused === 0 ? '' : `; ${refused} of ${to.length} addresses were refused`;
        return { receipt: saidIn(`${taken.response}${rest}`, secrets) };
      });
    },
    async update() {
      throw new Failure('PageRejected', 'an e-mail cannot be changed');
    },
    async check(signal) {
      const talk = openTalk(spec, openSecrets(places), answerWithinMs, signal);
      return talk.run(async () =>
        spec.password === undefined
          ? 'the mail server answers'
          : 'the mail server knows the user name and the password',
      );
    },
  };
}

interface Session {
  readonly connection: SMTPConnection;
  readonly secrets: Secrets;
}

interface Talk {
  /** Connects, signs in, does this and says goodbye, all within the time of the attempt. */
  run<Result>(act: (session: Session) => Promise<Result>): Promise<Result>;
  /** The bytes of the message, noting when the server begins to get them. */
  watched(bytes: Buffer): Readable;
}

function openTalk(
  spec: EmailSettings,
  secrets: Secrets,
  answerWithinMs: number,
  signal: AbortSignal,
): Talk {
  let hasBegun = false;
  return {
    watched: (bytes) =>
      new Readable({
        read() {
          hasBegun = true;
          this.push(bytes);
          this.push(null);
        },
      }),
    async run(act) {
      signal.throwIfAborted();
      const pass = spec.password === undefined ? undefined : secrets.read(spec.password);
      const connection = new SMTPConnection(optionsOf(spec, answerWithinMs));
      const until = AbortSignal.any([signal, AbortSignal.timeout(answerWithinMs)]);
      try {
        return await endedBy(until, connection, async () => {
          await stepOf((done) => connection.connect(done));
          if (pass !== undefined) {
            await stepOf((done) => connection.login({ user: spec.username, pass }, done));
          }
          return act({ connection, secrets });
        });
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof Failure) throw error;
        throw failureOf(error, secrets, hasBegun);
      } finally {
        connection.close();
      }
    },
  };
}

/** What SMTP calls back, or the first error of the connection, or the end of the time. */
async function endedBy<Result>(
  until: AbortSignal,
  connection: SMTPConnection,
  act: () => Promise<Result>,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    until.addEventListener('abort', () => reject(new Error('no answer in time')), { once: true });
    connection.on('error', reject);
    // The command that was waiting knows more of why, and is told in the same turn.
    connection.once('end', () =>
      setImmediate(() => reject(new Error('the connection was closed'))),
    );
    act().then(resolve, reject);
  });
}

async function stepOf(start: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => (error instanceof Error ? reject(error) : resolve()));
  });
}

function optionsOf(spec: EmailSettings, timeoutMs: number): SMTPConnection.Options {
  return {
    host: spec.host,
    port: spec.port,
    secure: spec.tls === 'implicit',
    requireTLS: spec.tls === 'starttls',
    ignoreTLS: spec.tls === 'none',
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    socketCloseTimeout: 0,
    maxResponseSize: 64 * 1024,
    ...(spec.caFile === undefined ? {} : { tls: { ca: authorities(spec.caFile) } }),
  };
}

function authorities(file: string): string[] {
  try {
    return [...getCACertificates('default'), readFileSync(file, 'utf8')];
  } catch {
    throw new Failure('PageRejected', `email: the certificates in ${file} cannot be read`);
  }
}

/** 5xx is for good, 4xx is not (RFC 5321, section 4.2.1); a cut within the message is unknown. */
function failureOf(error: unknown, secrets: Secrets, hasBegun: boolean): Failure {
  const { responseCode, command = '', message } = smtpErrorOf(error);
  if (responseCode === undefined) {
    const why = `email: ${saidIn(message, secrets)}`;
    return new Failure('PageUndelivered', why, { isUnknown: hasBegun });
  }
  // A server may echo in another encoding what it was given to sign in with.
  const why = command.startsWith('AUTH')
    ? `email: the server refused the user name or the password with ${responseCode}`
    : `email: ${saidIn(message, secrets)}`;
  return new Failure(responseCode >= 500 ? 'PageRejected' : 'PageUndelivered', why);
}

function smtpErrorOf(error: unknown): {
  readonly responseCode?: number;
  readonly command?: string;
  readonly message: string;
} {
  if (!(error instanceof Error)) return { message: String(error) };
  return {
    message: error.message,
    ...('responseCode' in error && typeof error.responseCode === 'number'
      ? { responseCode: error.responseCode }
      : {}),
    ...('command' in error && typeof error.command === 'string' ? { command: error.command } : {}),
  };
}
