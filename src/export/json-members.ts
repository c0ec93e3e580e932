/** The members of a JSON object as cells: JSON.parse would round long numbers and reorder keys that look like integers. */
import { jsonMembers } from '../events/json-members.js';
import { RawJson, type Cell } from './cell.js';

/**
 * Of several members with one name the last counts, as for JSON.parse. `text` must have been parsed as an object before: here nothing
 * is checked.
 */
export function membersOf(text: string): Map<string, Cell> {
  const members = new Map<string, Cell>();
  for (const member of jsonMembers(text)) members.set(member.name, cellOf(member.text));
  return members;
}

function cellOf(text: string): Cell {
  const first = text[0]!;
  if (first === '"') return text.includes('\\') ? (JSON.parse(text) as string) : text.slice(1, -1);
  if (first === '{' || first === '[') return new RawJson(text, false);
  return text === 'null' ? null : text === 'true' ? true : text === 'false' ? false : new RawJson(text, true);
}
