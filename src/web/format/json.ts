/** JSON laid out for reading: white space is put between its tokens, and every token stays as it was written. */

const STEP = '  ';
/** A text, a mark, or a number or word. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** undefined: the text is not JSON. */
export function laidOut(text: string): string | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  let out = '';
  let depth = 0;
  let before = '';
  for (const [token] of text.matchAll(TOKEN)) {
    const closes = token === '}' || token === ']';
    const isEmpty = closes && (before === '{' || before === '[');
    if (closes) depth--;
    const newLine = (before === '{' || before === '[' || before === ',' || closes) && !isEmpty;
    out += `${newLine ? `\n${STEP.repeat(depth)}` : before === ':' ? ' ' : ''}${token}`;
    if (token === '{' || token === '[') depth++;
    before = token;
  }
  return out;
}
