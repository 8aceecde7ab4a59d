import {
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  proxyActivities,
  setHandler,
} from '@temporalio/workflow';

export type Kept = readonly string[];

export const keepSignal = defineSignal<[readonly string[]]>('keep');
export const keptQuery = defineQuery<Kept>('kept');

const { echo } = proxyActivities<{ echo(kept: Kept): Promise<Kept> }>({
  startToCloseTimeout: '10s',
});

/** Keeps what one signal says over an activity and a continue-as-new, and ends with it. */
export async function keeper(carried: Kept = []): Promise<Kept> {
  let kept = carried;
  setHandler(keptQuery, () => kept);
  setHandler(keepSignal, (said) => {
    kept = said;
  });
  if (carried.length > 0) return kept;
  await condition(() => kept.length > 0);
  return continueAsNew<typeof keeper>(await echo(kept));
}
