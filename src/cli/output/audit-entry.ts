/** A command that changes something leaves an entry in the audit trail when it ends. */
import type { Config } from '../../config.js';
import { commandActor } from '../../audit-trail/actor.js';
import { auditEvent, auditRecord, type AuditedChange } from '../../audit-trail/record.js';
import { TipstreamError } from '../../errors.js';
import { ensureTopics } from '../../log/ensure-topics.js';
import { openLog } from '../../log/open.js';
import type { Output } from './output.js';

/** What a command does to the log or the state, as far as it knows itself. `outcome` absent: as it ends. */
export type CommandChange = Pick<AuditedChange, 'action' | 'target' | 'details'> & Partial<Pick<AuditedChange, 'outcome'>>;

/** Never throws: what cannot be recorded is said, and changes nothing about the command. */
export async function leaveEntry(config: Config, change: Omit<AuditedChange, 'actor'>, output: Output): Promise<void> {
  try {
    await append(config, { actor: commandActor(), ...change });
  } catch (failure) {
    // There was no log to change; or the command has said itself what keeps it from the log.
    if (failure instanceof TipstreamError && (failure.code === 'no_data' || failure.code === change.error?.code)) return;
    const { message, hint } = failure instanceof TipstreamError ? failure : { message: String(failure), hint: undefined };
    output.note(`this is not in the audit trail: ${message}${hint === undefined ? '' : `\nhint: ${hint}`}`);
  }
}

async function append(config: Config, change: AuditedChange): Promise<void> {
  const { topicPrefix: prefix, partitions } = config;
  // A directory that was mistyped is not made.
  if (config.log === 'sqlite') await (await openLog(config, { readOnly: true })).close();
  const log = await openLog(config);
  try {
    if (log.kind === 'sqlite') await ensureTopics(log, { prefix, partitions, partitionsGiven: false });
    await log.append([auditRecord(prefix, auditEvent(change, Date.now()))]);
  } finally {
    await log.close();
  }
}
