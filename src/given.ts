/** Checks of what a program in plain JavaScript gives, where no compiler has looked at it. */
import { TipstreamError } from './errors.js';
import { isId } from './events/strings.js';

/** Throws invalid_argument for what is no object, and for a field that is not known, naming the one that was probably meant. */
export function requireFields(what: string, given: unknown, known: readonly string[]): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new TipstreamError('invalid_argument', `${what} must be an object, not ${kindOf(given)}`);
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    throw new TipstreamError('invalid_argument', `${what}: there is no ${JSON.stringify(name)}`, {
      hint: suggestion(name, known),
      details: { name, known },
    });
  }
}

/** Throws invalid_argument for an id that no event can have. */
export function requireId(what: string, given: unknown): void {
  if (typeof given !== 'string' || given === '')
    throw new TipstreamError('invalid_argument', `${what} must be a text that is not empty, not ${kindOf(given)}`);
  if (!isId(given)) throw new TipstreamError('invalid_argument', `${what} must be 1 to 128 characters, none of them a control character`);
}

export function kindOf(given: unknown): string {
  if (given === null || given === undefined) return String(given);
  if (given === '') return 'an empty text';
  if (Array.isArray(given)) return 'an array';
  return typeof given === 'object' ? 'an object' : `a ${typeof given}`;
}

/** A whole sentence: the name that was probably meant, else all of them. */
export function suggestion(given: string, known: readonly string[]): string {
  const meant = nearest(given, known);
  return meant === undefined ? `Give one of ${known.join(', ')}.` : `Did you mean ${meant}?`;
}

/** The known name that takes the fewest edits to reach, if those are few for its length; upper and lower case count as the same. */
export function nearest(given: string, known: readonly string[]): string | undefined {
  if (given.length > 100) return undefined;
  let best: { readonly name: string; readonly edits: number } | undefined;
  for (const name of known) {
    const edits = editsBetween(given.toLowerCase(), name.toLowerCase());
    if (edits <= Math.max(1, Math.floor(name.length / 3)) && (best === undefined || edits < best.edits)) best = { name, edits };
  }
  return best?.name;
}

/** Insertions, deletions, substitutions and swaps of neighbours. */
function editsBetween(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      let edits = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) edits = Math.min(edits, beforeLast[j - 2]! + 1);
      row.push(edits);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
