export type SecretHeaders =
  | { readonly kind: 'known'; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: 'missing'; readonly why: string };

/** The headers that a release file names, in lower case, with their values from the worker. */
export function secretHeaders(
  headersFromEnv: Readonly<Record<string, string>>,
  secret: (name: string) => string | undefined,
): SecretHeaders {
  const headers: Record<string, string> = {};
  for (const [header, variable] of Object.entries(headersFromEnv)) {
    const value = secret(variable);
    if (value === undefined) {
      const why = `the worker's environment has no ${variable}, which the header ${header} needs`;
      return { kind: 'missing', why };
    }
    headers[header.toLowerCase()] = value;
  }
  return { kind: 'known', headers };
}
