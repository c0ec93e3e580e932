/** Every command, in the order in which help lists them: what the list of help says, and where the command is. */
import type { CommandEntry, CommandFamily } from './command.js';
import { deadLettersFamily } from './commands/dead-letters/dead-letters.js';
import { featuresFamily } from './commands/features/features.js';
import { policiesFamily } from './commands/policies/policies.js';
import { qualityFamily } from './commands/quality/quality.js';
import { schemaFamily } from './commands/schema/schema.js';
import { topicsFamily } from './commands/topics/topics.js';

export const COMMANDS: readonly (CommandEntry | CommandFamily)[] = [
  {
    name: 'demo',
    summary: 'Run everything on simulated users: 45 days of their past, then live',
    load: async () => (await import('./commands/demo.js')).demoCommand,
  },
  {
    name: 'start',
    summary: 'Run the partition workers and the HTTP API',
    load: async () => (await import('./commands/start.js')).startCommand,
  },
  {
    name: 'produce',
    arguments: '[file]',
    summary: 'Check events and append them to their topics',
    load: async () => (await import('./commands/produce.js')).produceCommand,
  },
  {
    name: 'tail',
    arguments: '<topic>',
    summary: 'Print the records of a topic as NDJSON',
    load: async () => (await import('./commands/tail.js')).tailCommand,
  },
  {
    name: 'profile',
    arguments: '<user>',
    summary: "Print a user's 30-day profile",
    load: async () => (await import('./commands/profile.js')).profileCommand,
  },
  {
    name: 'digest',
    summary: 'Print one hash over all profiles, and the positions it holds for',
    load: async () => (await import('./commands/digest.js')).digestCommand,
  },
  {
    name: 'rebuild',
    summary: 'Replay the log into new state files, compare them with the live ones, and swap',
    load: async () => (await import('./commands/rebuild.js')).rebuildCommand,
  },
  {
    name: 'verify',
    summary: 'Prove that the live state equals a replay of the log, by independent means',
    load: async () => (await import('./commands/verify.js')).verifyCommand,
  },
  {
    name: 'forget',
    arguments: '<user>',
    summary: 'Forget a user, and give a receipt of it',
    load: async () => (await import('./commands/forget.js')).forgetCommand,
  },
  {
    name: 'export',
    summary: 'Write profiles as CSV, NDJSON or Parquet: all as of a time or of many, or one for each row of a spine',
    load: async () => (await import('./commands/export.js')).exportCommand,
  },
  featuresFamily,
  {
    name: 'sql',
    arguments: '<statement>',
    summary: 'Ask the state a question in SQL, over all partitions',
    load: async () => (await import('./commands/sql.js')).sqlCommand,
  },
  {
    name: 'snapshot',
    arguments: '<file>',
    summary: 'Write one SQLite file of everything: tips, profiles, decisions and the positions they hold for',
    load: async () => (await import('./commands/snapshot.js')).snapshotCommand,
  },
  {
    name: 'status',
    summary: 'Say on one screen whether all is well, and what to do next if not',
    load: async () => (await import('./commands/status/status.js')).statusCommand,
  },
  {
    name: 'lag',
    summary: 'Print how far each partition is applied, in records and seconds',
    load: async () => (await import('./commands/lag/lag.js')).lagCommand,
  },
  qualityFamily,
  deadLettersFamily,
  {
    name: 'audit',
    summary: 'Show who changed what, newest first',
    load: async () => (await import('./commands/audit.js')).auditCommand,
  },
  topicsFamily,
  schemaFamily,
  {
    name: 'simulate',
    summary: 'Let policies meet simulated users whose rewards are known, and compare their rewards',
    load: async () => (await import('./commands/simulate.js')).simulateCommand,
  },
  {
    name: 'rehearse',
    summary: 'Let simulated users live for some days with what the policies decide, to practise a rollout',
    load: async () => (await import('./commands/rehearse.js')).rehearseCommand,
  },
  {
    name: 'evaluate',
    arguments: '[file]',
    summary: 'Estimate the reward another policy would have received on logged decisions, and judge it',
    load: async () => (await import('./commands/evaluate.js')).evaluateCommand,
  },
  {
    name: 'promote',
    arguments: '<policy>',
    summary: 'Let a policy go live, for all users or for a share of them',
    load: async () => (await import('./commands/promote.js')).promoteCommand,
  },
  {
    name: 'rollback',
    summary: 'Take the last promote back, at once',
    load: async () => (await import('./commands/rollback.js')).rollbackCommand,
  },
  policiesFamily,
];
