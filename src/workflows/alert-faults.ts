import type { Silence } from '../domain/alerting/silence.ts';
import { silenceFault } from '../domain/alerting/usable-command.ts';
import type { Asked } from '../domain/release/commands.ts';
import type { Heard, OpenedGroups } from './alert-messages.ts';

const TEXT_MAX = 1000;

/** Anybody can send anything. */
export function faultOf(asked: Partial<Asked> | undefined): string | null {
  const texts = [asked?.who, asked?.why, asked?.requestId];
  if (texts.some((text) => typeof text !== 'string' || text === '')) {
    return 'it needs who, why and requestId';
  }
  if (texts.every((text) => String(text).length <= TEXT_MAX)) return null;
  return `who, why and requestId have ${TEXT_MAX} characters at most`;
}

export function idFault({ silenceId }: { readonly silenceId?: unknown }): string | null {
  const isId = typeof silenceId === 'string' && silenceId !== '' && silenceId.length <= TEXT_MAX;
  return isId ? null : 'it needs the id of a silence';
}

export function isHeard(one: Partial<Heard> | undefined): one is Heard {
  const { shard, number, silences = [] } = one ?? {};
  if (!Number.isSafeInteger(shard) || !Number.isSafeInteger(number)) return false;
  return Array.isArray(silences) && silences.every(isSilence);
}

function isSilence(one: unknown): boolean {
  if (silenceFault(one) !== null) return false;
  const { id, updatedAtMs } = one as Partial<Silence>;
  return typeof id === 'string' && Number.isSafeInteger(updatedAtMs);
}

export function isOpened(one: Partial<OpenedGroups> | undefined): one is OpenedGroups {
  return (
    Number.isSafeInteger(one?.version) &&
    Array.isArray(one?.opened) &&
    one.opened.every(
      (group: Partial<OpenedGroups['opened'][number]> | null) =>
        Number.isSafeInteger(group?.of) &&
        Number.isSafeInteger(group?.count) &&
        typeof group?.destination?.name === 'string',
    )
  );
}
