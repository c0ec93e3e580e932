/** The JSON of an event that a program gives as an object, however deeply it is nested. */
import { isUtf8 } from 'node:buffer';
import { reject, type Rejected } from '../events/rejection.js';

type Text = { readonly ok: true; readonly text: string | undefined };

/**
 * Bytes are JSON already, and are written as they are. An object is written as JSON.stringify writes it, with a bigint as the number that
 * it is; what JSON cannot hold is refused, because the consumer would see another event than the one that was given.
 */
export function eventText(event: unknown): Text | Rejected {
  if (event === null || event === undefined) return { ok: true, text: undefined };
  if (event instanceof Uint8Array) {
    const text = Buffer.from(event.buffer, event.byteOffset, event.byteLength).toString('utf8');
    return isUtf8(event) ? { ok: true, text } : reject('not_utf8', 'the value is not well-formed UTF-8');
  }
  const flaw = findUnprintable(event);
  if (flaw !== undefined) return reject('invalid_event', flaw);
  try {
    return { ok: true, text: JSON.stringify(event) };
  } catch {
    return { ok: true, text: writeJson(event) };
  }
}

interface Level {
  readonly object: object;
  readonly names: readonly string[];
  next: number;
}

/** Goes down before it goes on, so that no more than the objects on the way are in memory. */
function findUnprintable(event: unknown): string | undefined {
  const levels: Level[] = [];
  const open = new Set<object>();
  const flawOf = (value: unknown): string | undefined => {
    if (typeof value === 'number' && !Number.isFinite(value)) return `a number is ${value}; expected a finite one`;
    if (typeof value !== 'object' || value === null) return undefined;
    if (open.has(value)) return 'nested deeper than any JSON: an object holds itself';
    open.add(value);
    levels.push({ object: value, names: Object.keys(value), next: 0 });
    return undefined;
  };
  let flaw = flawOf(event);
  for (let level = levels.at(-1); level !== undefined && flaw === undefined; level = levels.at(-1)) {
    if (level.next < level.names.length) flaw = flawOf((level.object as Record<string, unknown>)[level.names[level.next++]!]);
    else open.delete(levels.pop()!.object);
  }
  const top = levels[0];
  return flaw === undefined || top === undefined ? flaw : `${top.names[top.next - 1]}: ${flaw}`;
}

/** As JSON.stringify writes it, without its recursion: what is still to be written lies on a stack, texts as they are. */
function writeJson(event: unknown): string {
  const written: string[] = [];
  const stack: (string | { readonly value: unknown })[] = [{ value: event }];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (typeof next === 'string') written.push(next);
    else {
      const value = plain(next.value);
      if (typeof value === 'bigint') written.push(String(value));
      else if (typeof value !== 'object' || value === null) written.push(JSON.stringify(value) ?? 'null');
      else for (const part of partsOf(value).reverse()) stack.push(part);
    }
  }
  return written.join('');
}

function partsOf(value: object): (string | { readonly value: unknown })[] {
  if (Array.isArray(value))
    return ['[', ...value.flatMap((item: unknown, i) => (i === 0 ? [{ value: item }] : [',', { value: item }])), ']'];
  const members = Object.entries(value).filter(([, member]) => isWritten(plain(member)));
  return [
    '{',
    ...members.flatMap(([name, member], i) => [`${i === 0 ? '' : ','}${JSON.stringify(name)}:`, { value: member as unknown }]),
    '}',
  ];
}

const isWritten = (value: unknown): boolean => value !== undefined && typeof value !== 'function' && typeof value !== 'symbol';

function plain(value: unknown): unknown {
  const { toJSON } = (typeof value === 'object' && value !== null ? value : {}) as { toJSON?: unknown };
  return typeof toJSON === 'function' ? (toJSON as (this: unknown) => unknown).call(value) : value;
}
