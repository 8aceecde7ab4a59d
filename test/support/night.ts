import type { PagingDocument } from '../../src/domain/paging/paging.schema.ts';

export const ADA = { who: 'ada', why: 'I look at it' };

/** Two levels, two rounds; ada by two ways, then bob. */
export const NIGHT = {
  people: {
    ada: { contacts: { phone: { channel: 'pager' }, chat: { channel: 'chat' } } },
    bob: { contacts: { phone: { channel: 'pager', to: 'bob' } } },
  },
  channels: {
    pager: { type: 'memory', fallback: 'mail' },
    chat: { type: 'memory' },
    mail: { type: 'memory' },
    siren: { type: 'memory' },
  },
  policies: {
    night: {
      levels: [
        { wait: '5m', targets: [{ person: 'ada' }] },
        { wait: '10m', targets: [{ person: 'bob' }] },
      ],
      repeat: 1,
    },
  },
  last_resort: ['siren'],
} satisfies PagingDocument;

/** The same with another policy. */
export function nightWith(changes: Partial<PagingDocument['policies'][string]>): PagingDocument {
  return { ...NIGHT, policies: { night: { ...NIGHT.policies.night, ...changes } } };
}
