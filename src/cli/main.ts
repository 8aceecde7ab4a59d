#!/usr/bin/env node
import { readCliDeps } from './config.ts';
import { runCli } from './program.ts';

const code = await runCli(process.argv.slice(2), readCliDeps(process.env));
if (code !== undefined) process.exitCode = code;
