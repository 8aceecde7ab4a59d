import type { Accepted, Begun } from '../../domain/release/commands.ts';

/** What became of a request to release, and what a person can say next. */
export function renderAccepted(
  service: string,
  accepted: Accepted,
  { watch }: { readonly watch?: boolean },
): string {
  const notes = accepted.remarks.map((remark) => `note: ${remark}`);
  const lines: string[] = [];
  switch (accepted.kind) {
    case 'begun':
      lines.push(`${accepted.workflowId} has begun: ${service} ${accepted.version}`, ...notes);
      if (watch !== true) lines.push(`follow it with: belay status ${accepted.workflowId} --watch`);
      break;
    case 'queued': {
      const { version, position, behind, requestId } = accepted;
      lines.push(
        `${service} ${version} waits at position ${position}, behind ${behind}`,
        ...notes,
        `call it off with: belay cancel ${service} ${requestId} --why "…"`,
        watch === true ? 'waiting for its turn …' : `look at it with: belay status ${service}`,
      );
      break;
    }
    case 'called_off':
      lines.push(`${service} ${accepted.version} does not begin: ${accepted.why}`, ...notes);
      break;
    default:
      return accepted satisfies never;
  }
  return `${lines.join('\n')}\n`;
}

export function renderTurn(service: string, { workflowId, version }: Begun): string {
  return `${workflowId} has begun: ${service} ${version}, as it is its turn\n`;
}
