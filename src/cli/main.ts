#!/usr/bin/env node
/** The `tipstream` command: sets up streams and signals, and runs the command that the arguments name. */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { EXIT, reportFailure } from './failure.js';
import { Output } from './output/output.js';
import { runProgram } from './program.js';
import { deadLettersFamily } from './commands/dead-letters/dead-letters.js';
import { demoCommand } from './commands/demo.js';
import { digestCommand } from './commands/digest.js';
import { evaluateCommand } from './commands/evaluate.js';
import { exportCommand } from './commands/export.js';
import { featuresFamily } from './commands/features.js';
import { lagCommand } from './commands/lag.js';
import { produceCommand } from './commands/produce.js';
import { policiesFamily } from './commands/policies/policies.js';
import { profileCommand } from './commands/profile.js';
import { promoteCommand } from './commands/promote.js';
import { rebuildCommand } from './commands/rebuild.js';
import { rollbackCommand } from './commands/rollback.js';
import { schemaCommand } from './commands/schema.js';
import { simulateCommand } from './commands/simulate.js';
import { snapshotCommand } from './commands/snapshot.js';
import { sqlCommand } from './commands/sql.js';
import { startCommand } from './commands/start.js';
import { tailCommand } from './commands/tail.js';
import { topicsFamily } from './commands/topics.js';
import { verifyCommand } from './commands/verify.js';

const COMMANDS = [
  demoCommand,
  startCommand,
  produceCommand,
  tailCommand,
  profileCommand,
  digestCommand,
  rebuildCommand,
  verifyCommand,
  exportCommand,
  featuresFamily,
  sqlCommand,
  snapshotCommand,
  lagCommand,
  deadLettersFamily,
  topicsFamily,
  schemaCommand,
  simulateCommand,
  evaluateCommand,
  promoteCommand,
  rollbackCommand,
  policiesFamily,
];

const interruption = new AbortController();
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.on(signal, () => {
    if (interruption.signal.aborted) process.exit(code);
    interruption.abort(signal);
  });
}

const output = new Output(process.stdout, process.stderr, process.env);
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
let exitCode: number;
try {
  exitCode = await runProgram(COMMANDS, process.argv.slice(2), { version, env: process.env, output, signal: interruption.signal });
} catch (error) {
  exitCode = error === output.failure ? EXIT.outputFailed : await reportFailure(error, output, false);
}
// Whoever interrupted us may be reading no more.
await (interruption.signal.aborted ? Promise.race([output.flush(), delay(1_000)]) : output.flush());
if (exitCode === EXIT.ok && output.unread) exitCode = EXIT.readerLeft;
if (output.failure !== undefined) exitCode = await reportFailure(output.failure, output, false);
process.exit(exitCode);
