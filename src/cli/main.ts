#!/usr/bin/env node
/** The `tipstream` command: hears signals, then loads the commands and runs the one that the arguments name. */
import { PACKAGE_VERSION } from '../package.js';
import { Interruption } from './interruption.js';

const interruption = new Interruption();
interruption.listen();

const [{ COMMANDS }, { Output }, { runToEnd }] = await Promise.all([
  import('./commands.js'),
  import('./output/output.js'),
  import('./program.js'),
]);
const exitCode = await runToEnd(COMMANDS, process.argv.slice(2), {
  version: PACKAGE_VERSION,
  env: process.env,
  output: new Output(process.stdout, process.stderr, process.env),
  signal: interruption.signal,
  onRun: (stopCode) => interruption.runs(stopCode),
  leftMs: () => interruption.leftMs,
});
process.exit(exitCode);
