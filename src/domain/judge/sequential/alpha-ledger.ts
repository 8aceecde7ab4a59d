/**
 * The false-rollback budget of one release: how much of alpha each test may err with, by a union
 * bound over all tests ever begun. Looks are free, for every test here is valid at all of them;
 * what costs is to begin one. Plain JSON, to be kept with the release.
 *
 * - A test is an account, `errors/weight-25` say. To open it spends its share of what was planned.
 * - To open it again (an activity that ran twice, a judge that resumed with its state) spends
 *   nothing and gives the same alpha: the e-process goes on.
 * - A judge that has lost its state may not begin anew at the same alpha: `reopenLost` grants half
 *   of the reserve that is left, so that however often it happens, alpha is never exceeded.
 * - What was planned and never begun stays unspent: `release` gives it to the reserve or to another
 *   account. That is valid because whether a test began does not depend on what it would have said.
 */
export interface AlphaLedger {
  readonly alpha: number;
  readonly accounts: Readonly<Record<string, AlphaAccount>>;
  /** For tests that lost their state, and what was given back. */
  readonly reserve: number;
}

export interface AlphaAccount {
  readonly alpha: number;
  readonly status: 'planned' | 'open';
  /** What earlier tests of this account, whose state was lost, had already been given. */
  readonly lost: number;
}

export interface AlphaPlan {
  /** The whole budget of the release, 0.01 say. */
  readonly alpha: number;
  /** Account → weight; shares are in proportion. A weight that is not above zero is refused. */
  readonly weights: Readonly<Record<string, number>>;
  /** The share kept back for tests that lose their state: 0.1 by default. */
  readonly reserveShare?: number;
}

/**
 * Shares alpha among all tests that a release may begin, guard-rails and traffic splits among them.
 * An alpha outside (0, 0.5], no account, a weight not above zero or a reserve outside [0, 1):
 * refused.
 */
export function planAlpha({ alpha, weights, reserveShare = 0.1 }: AlphaPlan): AlphaLedger {
  if (!(alpha > 0 && alpha <= 0.5)) throw new RangeError(`not an alpha: ${alpha}`);
  const entries = Object.entries(weights);
  if (entries.length === 0 || !entries.every(([, w]) => w > 0 && Number.isFinite(w))) {
    throw new RangeError('every account of the error budget needs a weight above zero');
  }
  if (!(reserveShare >= 0 && reserveShare < 1)) {
    throw new RangeError(`not a share of the error budget: ${reserveShare}`);
  }
  const total = entries.reduce((sum, [, weight]) => sum + weight, 0);
  const planned = alpha * (1 - reserveShare);
  return {
    alpha,
    reserve: alpha * reserveShare,
    accounts: Object.fromEntries(
      entries.map(([id, weight]): [string, AlphaAccount] => [
        id,
        { alpha: (planned * weight) / total, status: 'planned', lost: 0 },
      ]),
    ),
  };
}

/** One account for each metric at each step, weighted by both; ids are `metric/step`. */
export function stepWeights(
  metrics: Readonly<Record<string, number>>,
  steps: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(metrics).flatMap(([metric, weight]) =>
      Object.entries(steps).map(([step, share]): [string, number] => [
        `${metric}/${step}`,
        weight * share,
      ]),
    ),
  );
}

/** Begins or goes on with a test. An account that was not planned is refused. */
export function openAccount(
  ledger: AlphaLedger,
  id: string,
): { readonly ledger: AlphaLedger; readonly alpha: number } {
  const account = accountOf(ledger, id);
  return {
    ledger: withAccount(ledger, id, { ...account, status: 'open' }),
    alpha: account.alpha,
  };
}

/**
 * Begins a test again whose state is lost. What it had been given stays spent; it gets half of the
 * reserve, at most what it had. With no reserve the alpha is zero: the metric is `unknown`.
 */
export function reopenLost(
  ledger: AlphaLedger,
  id: string,
): { readonly ledger: AlphaLedger; readonly alpha: number } {
  const account = accountOf(ledger, id);
  if (account.status === 'planned') return openAccount(ledger, id);
  const granted = Math.min(ledger.reserve / 2, account.alpha);
  const next = withAccount(ledger, id, {
    alpha: granted,
    status: 'open',
    lost: account.lost + account.alpha,
  });
  return { ledger: { ...next, reserve: ledger.reserve - granted }, alpha: granted };
}

/**
 * Gives what an account was to have to another planned account or, without `to`, to the reserve: a
 * step that was skipped, a metric without data. Of an open account nothing can be taken.
 */
export function releaseAccount(ledger: AlphaLedger, id: string, to?: string): AlphaLedger {
  const { alpha, status } = accountOf(ledger, id);
  if (status === 'open') throw new RangeError(`the error budget of ${id} is spent`);
  const rest = { ...ledger, accounts: without(ledger.accounts, id) };
  if (to === undefined) return { ...rest, reserve: ledger.reserve + alpha };
  const heir = accountOf(rest, to);
  if (heir.status === 'open') throw new RangeError(`${to} has begun with its error budget`);
  return withAccount(rest, to, { ...heir, alpha: heir.alpha + alpha });
}

/** Spent: every test that has begun, lost ones too. Left: planned ones and the reserve. */
export function budgetOf(ledger: AlphaLedger): {
  readonly spent: number;
  readonly left: number;
  readonly sentence: string;
} {
  let spent = 0;
  for (const { alpha, status, lost } of Object.values(ledger.accounts)) {
    spent += lost + (status === 'open' ? alpha : 0);
  }
  const sentence = `error budget spent ${percent(spent)} of ${percent(ledger.alpha)} %`;
  return { spent, left: Math.max(0, ledger.alpha - spent), sentence };
}

function accountOf(ledger: AlphaLedger, id: string): AlphaAccount {
  const account = Object.hasOwn(ledger.accounts, id) ? ledger.accounts[id] : undefined;
  if (account === undefined) throw new RangeError(`no error budget is planned for ${id}`);
  return account;
}

function withAccount(ledger: AlphaLedger, id: string, account: AlphaAccount): AlphaLedger {
  return { ...ledger, accounts: { ...ledger.accounts, [id]: account } };
}

function without(accounts: AlphaLedger['accounts'], id: string): AlphaLedger['accounts'] {
  return Object.fromEntries(Object.entries(accounts).filter(([name]) => name !== id));
}

function percent(share: number): number {
  return Number((share * 100).toPrecision(2));
}
