import type { RunningStack, StackOptions } from './stack.ts';

export const DEMO_SCENARIOS = ['release', 'page'] as const;
export type DemoScenarioName = (typeof DEMO_SCENARIOS)[number];

/** Something that the demo shows, with all that it needs beside the stack. */
export interface DemoScenario {
  readonly paging?: NonNullable<StackOptions['paging']>;
  play(stack: RunningStack, stopping: AbortSignal): Promise<DemoShown>;
  close(): Promise<void>;
}

/** What was seen of it. */
export interface DemoShown {
  /** Its JSON form is the last line of `npm run demo -- --json`. */
  readonly result: object;
  readonly isAsPromised: boolean;
}

/** `SCENARIO=`, by default releases alone. */
export function readDemoScenario(text: string | undefined): DemoScenarioName {
  const found = DEMO_SCENARIOS.find((scenario) => scenario === (text ?? 'release'));
  if (found !== undefined) return found;
  throw new Error(`SCENARIO is one of ${DEMO_SCENARIOS.join(', ')}, not "${text}"`);
}
