import { relative } from 'node:path';
import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node';

/** The last lines of a run name all that failed, which a log cut to its end still has. */
export class FailedNames implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    for (const module of modules) {
      const file = relative(process.cwd(), module.moduleId);
      const parts: readonly (TestModule | TestSuite | TestCase)[] = [
        ...[module, ...module.children.allSuites()].filter((part) => part.errors().length > 0),
        ...module.children.allTests('failed'),
      ];
      for (const part of parts) console.error(lineOf(file, part));
    }
  }
}

function lineOf(file: string, part: TestModule | TestSuite | TestCase): string {
  const name = part.type === 'module' ? '' : ` > ${part.fullName}`;
  const [error] = part.type === 'test' ? (part.result().errors ?? []) : part.errors();
  return `failed: ${file}${name}: ${error?.message.split('\n')[0] ?? 'it says nothing'}`;
}
