import { relative } from 'node:path';
import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node';

type Part = TestModule | TestSuite | TestCase;
/** What was thrown need not be an `Error`, whatever its type says. */
type Thrown = { readonly message?: unknown } | undefined;

/** The last lines of a run name all that failed, which a log cut to its end still has. */
export class FailedNames implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly Thrown[]): void {
    for (const module of modules) {
      const file = relative(process.cwd(), module.moduleId);
      const parts: readonly Part[] = [
        ...[module, ...module.children.allSuites()].filter((part) => part.errors().length > 0),
        ...module.children.allTests('failed'),
      ];
      for (const part of parts) {
        const name = part.type === 'module' ? file : `${file} > ${part.fullName}`;
        const errors = part.type === 'test' ? part.result().errors : part.errors();
        say(name, errors?.[0]);
      }
    }
    for (const error of unhandled) say('outside of any test', error);
  }
}

function say(name: string, error: Thrown): void {
  const [line] = String(error?.message ?? '')
    .trim()
    .split('\n');
  console.error(`failed: ${name}: ${line || 'it says nothing'}`);
}
