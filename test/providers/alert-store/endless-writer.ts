import { createAlertStore } from '../../../src/providers/alert-store/registry.ts';
import { NOW, firing } from './messages.ts';

/** Rewrites the same alerts in one batch after the other, until it is killed. */
const [, , url = '', count = '0'] = process.argv;
const store = createAlertStore(url);
for (let version = Date.now(); ; version += 1) {
  const batch = Array.from({ length: Number(count) }, (_, at) =>
    firing(`batch-${at}`, version, { annotations: { version: String(version) } }),
  );
  await store.delivered(batch, NOW);
  process.stdout.write(`wrote ${version}\n`);
}
