#!/usr/bin/env node
import { readCliDeps } from './config.ts';
import { runCli } from './program.ts';

// Whoever reads only the first lines, as `| head` does, has read enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

const code = await runCli(process.argv.slice(2), readCliDeps(process.env));
if (code !== undefined) process.exitCode = code;
