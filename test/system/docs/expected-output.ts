/**
 * Compares what a command printed with what the docs say it prints. Text is compared exactly but for placeholders: for what a clock
 * decides <time>, an ISO 8601 time, and <ms>, Unix milliseconds, each with the spaces that keep columns aligned; <number>, any number;
 * and a line `...` for any number of lines. In JSON the field "...": "..." says that the object has more fields than are shown;
 * everything shown is exact.
 */
const PLACEHOLDERS: readonly (readonly [name: string, pattern: string])[] = [
  ['<time>', '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z *'],
  ['<ms>', '\\d{13} *'],
  ['<number>', '-?\\d+(?:\\.\\d+)?(?:e[-+]\\d+)? *'],
];
const MORE = '...';

/** undefined when they agree, else both as text, ready for a diff. */
export function difference(
  language: string,
  expected: string,
  actual: string,
): { readonly expected: string; readonly actual: string } | undefined {
  if (language !== 'json') return textDifference(expected, actual);
  const wanted: unknown = JSON.parse(expected);
  const printed = parsePrinted(actual);
  const shown = likeExpected(wanted, Array.isArray(wanted) && !Array.isArray(printed[0]) ? printed : printed[0]);
  const [a, b] = [wanted, shown].map((value) => JSON.stringify(value, null, 2)) as [string, string];
  return a === b ? undefined : { expected: a, actual: b };
}

function textDifference(expected: string, actual: string): { readonly expected: string; readonly actual: string } | undefined {
  const lines = expected.trimEnd().split('\n');
  const printed = actual.trimEnd().split('\n');
  return linesAgree(lines, printed) ? undefined : { expected: lines.join('\n'), actual: printed.join('\n') };
}

function linesAgree(lines: readonly string[], printed: readonly string[]): boolean {
  const [line, ...rest] = lines;
  if (line === undefined) return printed.length === 0;
  if (line === MORE) return printed.some((_, skipped) => linesAgree(rest, printed.slice(skipped))) || rest.length === 0;
  return printed.length > 0 && matcher(line).test(printed[0]!) && linesAgree(rest, printed.slice(1));
}

function matcher(line: string): RegExp {
  let pattern = line.trimEnd().replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  for (const [name, replacement] of PLACEHOLDERS) pattern = pattern.replace(new RegExp(`${name} *`, 'g'), replacement);
  return new RegExp(`^${pattern}\\s*$`);
}

/** One document over many lines, or a document a line. */
function parsePrinted(text: string): unknown[] {
  try {
    return [JSON.parse(text)];
  } catch {
    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
  }
}

/** `actual` reduced to what `expected` shows, with placeholders where they stand for it; equal to `expected` when they agree. */
function likeExpected(expected: unknown, actual: unknown): unknown {
  if (Array.isArray(expected) && Array.isArray(actual)) return actual.map((item, index) => likeExpected(expected[index], item));
  if (isObject(expected) && isObject(actual)) {
    const names = Object.hasOwn(expected, MORE) ? Object.keys(expected) : [...new Set([...Object.keys(expected), ...Object.keys(actual)])];
    return Object.fromEntries(
      names
        .filter((name) => name === MORE || Object.hasOwn(actual, name))
        .map((name) => [name, name === MORE ? MORE : likeExpected(expected[name], actual[name])]),
    );
  }
  return typeof expected === 'string' && expected.startsWith('<') && matcher(expected).test(String(actual)) ? expected : actual;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
