/**
 * Where the members of a JSON object lie in its text, so that a value can be taken as it is written: JSON.parse rounds long numbers, makes
 * infinities of large ones, drops members of one name but the last, and reorders names that look like integers.
 *
 * Nothing here recurses: a value may be nested as deeply as its length allows.
 */
const SPACE = /[ \t\n\r]*/y;
const PLAIN = /[^,\]}\s]+/y;
/** A bracket, or the beginning of a text. */
const INSIDE = /["[\]{}]/g;

export interface JsonMember {
  readonly name: string;
  /** The value as it is written, without the white space around it. */
  readonly text: string;
}

/** In the order of the text, a repeated name as often as it stands there. `text` must have been parsed as an object: nothing is checked. */
export function* jsonMembers(text: string): Generator<JsonMember> {
  let at = afterSpace(text, 0);
  for (;;) {
    at = afterSpace(text, at + 1); // past the brace, or the comma
    if (text[at] === '}') return;
    const nameEnd = afterText(text, at);
    const name = nameOf(text.slice(at, nameEnd));
    at = afterSpace(text, afterSpace(text, nameEnd) + 1); // past the colon
    const end = afterValue(text, at);
    yield { name, text: text.slice(at, end) };
    at = afterSpace(text, end);
    if (text[at] === '}') return;
  }
}

/** The text of the member that JSON.parse would take, the last of its name. `text` must have been parsed as an object. */
export function memberText(text: string, name: string): string | undefined {
  let found: string | undefined;
  for (const member of jsonMembers(text)) if (member.name === name) found = member.text;
  return found;
}

const nameOf = (quoted: string): string => (quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1));

function afterSpace(text: string, from: number): number {
  const code = text.charCodeAt(from);
  if (code > 0x20) return from;
  SPACE.lastIndex = from;
  SPACE.test(text);
  return SPACE.lastIndex;
}

/** A text may be megabytes long, which is more than a pattern's stack takes. */
function afterText(text: string, from: number): number {
  let at = from;
  do {
    at = text.indexOf('"', at + 1);
  } while (isEscaped(text, at));
  return at + 1;
}

function afterValue(text: string, from: number): number {
  const first = text[from]!;
  if (first === '"') return afterText(text, from);
  if (first === '{' || first === '[') return afterNested(text, from);
  PLAIN.lastIndex = from;
  PLAIN.test(text);
  return PLAIN.lastIndex;
}

function afterNested(text: string, from: number): number {
  let at = from;
  let depth = 0;
  do {
    INSIDE.lastIndex = at;
    at = INSIDE.exec(text)!.index;
    const found = text[at];
    if (found === '"') at = afterText(text, at);
    else {
      depth += found === '{' || found === '[' ? 1 : -1;
      at++;
    }
  } while (depth > 0);
  return at;
}

/** Whether an odd number of backslashes stands before it. */
function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text[at - 1 - slashes] === '\\') slashes++;
  return slashes % 2 === 1;
}
