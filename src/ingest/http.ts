/** A request, read to its end. */
export interface Incoming {
  readonly query: URLSearchParams;
  /** What stands in the path where the route has a name. */
  readonly name: string;
  readonly body: string;
  /** The address of whoever asks. */
  readonly from: string;
}

export interface Reply {
  readonly status: number;
  /** JSON; absent, the answer has no body. */
  readonly json?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Handle = (incoming: Incoming) => Promise<Reply>;

/** What a request is refused for, before anybody was asked. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The body as JSON; throws `Refused`. */
export function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new Refused(400, `the body is no JSON: ${error instanceof Error ? error.message : ''}`);
  }
}
