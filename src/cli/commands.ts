/** Every command, in the order in which help lists them. */
import type { CliCommand, CommandFamily } from './command.js';
import { auditCommand } from './commands/audit.js';
import { deadLettersFamily } from './commands/dead-letters/dead-letters.js';
import { demoCommand } from './commands/demo.js';
import { digestCommand } from './commands/digest.js';
import { evaluateCommand } from './commands/evaluate.js';
import { exportCommand } from './commands/export.js';
import { featuresFamily } from './commands/features.js';
import { forgetCommand } from './commands/forget.js';
import { lagCommand } from './commands/lag/lag.js';
import { produceCommand } from './commands/produce.js';
import { policiesFamily } from './commands/policies/policies.js';
import { profileCommand } from './commands/profile.js';
import { promoteCommand } from './commands/promote.js';
import { qualityFamily } from './commands/quality/quality.js';
import { rebuildCommand } from './commands/rebuild.js';
import { rehearseCommand } from './commands/rehearse.js';
import { rollbackCommand } from './commands/rollback.js';
import { schemaFamily } from './commands/schema/schema.js';
import { simulateCommand } from './commands/simulate.js';
import { snapshotCommand } from './commands/snapshot.js';
import { sqlCommand } from './commands/sql.js';
import { startCommand } from './commands/start.js';
import { statusCommand } from './commands/status/status.js';
import { tailCommand } from './commands/tail.js';
import { topicsFamily } from './commands/topics.js';
import { verifyCommand } from './commands/verify.js';

export const COMMANDS: readonly (CliCommand | CommandFamily)[] = [
  demoCommand,
  startCommand,
  produceCommand,
  tailCommand,
  profileCommand,
  digestCommand,
  rebuildCommand,
  verifyCommand,
  forgetCommand,
  exportCommand,
  featuresFamily,
  sqlCommand,
  snapshotCommand,
  statusCommand,
  lagCommand,
  qualityFamily,
  deadLettersFamily,
  auditCommand,
  topicsFamily,
  schemaFamily,
  simulateCommand,
  rehearseCommand,
  evaluateCommand,
  promoteCommand,
  rollbackCommand,
  policiesFamily,
];
