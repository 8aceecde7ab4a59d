import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { SEARCH_ATTRIBUTES } from '../../src/workflows/search-attributes.ts';

/** Without them the time-skipping server fails every workflow task that names one, for ever. */
export async function addSearchAttributes({ connection }: TestWorkflowEnvironment): Promise<void> {
  const KEYWORD = 2;
  await connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: Object.fromEntries(SEARCH_ATTRIBUTES.map(({ name }) => [name, KEYWORD])),
  });
}
