/** Who changes something, as the audit trail names them. */
import { hostname, userInfo } from 'node:os';
import type { AuditActor } from '../events/audit-event.js';

/** Whoever runs this process, as the operating system knows them. */
export function commandActor(): AuditActor {
  return { kind: 'command', name: userName(), host: hostname() };
}

/** A caller of HTTP; `name` null: there are no tokens, and it is somebody on this machine. */
export function callerActor({ name, role }: { readonly name: string | null; readonly role: NonNullable<AuditActor['role']> }): AuditActor {
  return name === null ? { kind: 'loopback', role } : { kind: 'token', name, role };
}

/** As people read it: ana@host, token deploy, service guardrail, loopback. */
export function actorText({ kind, name, host }: AuditActor): string {
  if (kind === 'command') return `${name ?? '?'}${host == null ? '' : `@${host}`}`;
  return name == null ? kind : `${kind} ${name}`;
}

/** A container may run under a number that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
