/** The members of a JSON object as cells: JSON.parse would round long numbers and reorder keys that look like integers. */
import { RawJson, type Cell } from './cell.js';

const SPACE = /[ \t\n\r]*/y;
const PLAIN = /[^,\]}\s]+/y;
/** A bracket, or the beginning of a text. */
const INSIDE = /["[\]{}]/g;

/**
 * Of several members with one name the last counts, as for JSON.parse. `text` must have been parsed as an object before: here nothing
 * is checked.
 */
export function membersOf(text: string): Map<string, Cell> {
  const members = new Map<string, Cell>();
  let at = 0;
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const [taken] = pattern.exec(text)!;
    at += taken.length;
    return taken;
  };
  /** A text may be megabytes long, which is more than a pattern's stack takes. */
  const takeText = (): string => {
    const from = at;
    do {
      at = text.indexOf('"', at + 1);
    } while (isEscaped(text, at));
    at++;
    return text.slice(from, at);
  };
  const takeNested = (): string => {
    const from = at;
    let depth = 0;
    do {
      INSIDE.lastIndex = at;
      at = INSIDE.exec(text)!.index;
      if (text[at] === '"') takeText();
      else depth += '{['.includes(text[at++]!) ? 1 : -1;
    } while (depth > 0);
    return text.slice(from, at);
  };
  const takeValue = (): Cell => {
    const first = text[at]!;
    if (first === '"') return JSON.parse(takeText()) as string;
    if (first === '{' || first === '[') return new RawJson(takeNested(), false);
    const word = take(PLAIN);
    return word === 'null' ? null : word === 'true' ? true : word === 'false' ? false : new RawJson(word, true);
  };

  take(SPACE);
  for (;;) {
    at++; // the brace, or the comma
    take(SPACE);
    if (text[at] === '}') return members;
    const name = JSON.parse(takeText()) as string;
    take(SPACE);
    at++; // the colon
    take(SPACE);
    members.set(name, takeValue());
    take(SPACE);
    if (text[at] === '}') return members;
  }
}

/** Whether an odd number of backslashes stands before it. */
function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text[at - 1 - slashes] === '\\') slashes++;
  return slashes % 2 === 1;
}
