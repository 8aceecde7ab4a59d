import type { DeployCommand } from '../domain/release/commands.ts';

export async function requireThawed(_command: DeployCommand): Promise<void> {}
