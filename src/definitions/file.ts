/** Reads a file of features: its text, JSON or YAML, into definitions, or an error that names line and column. */
import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';
import type { z } from 'zod';
import { TipstreamError } from '../errors.js';
import { suggestion } from '../given.js';
import { definitionOf, type Path, type Problem } from './check.js';
import type { Definition } from '../events/feature-choice.js';
import { fileForm } from './file-schema.js';

const require = createRequire(import.meta.url);
/** Loaded when a file is read: every command and `import 'tipstream'` come here, and few read one. */
const yaml = (): typeof Yaml => require('yaml') as typeof Yaml;

/** Longer ones are no files of features. UTF-16 units. */
const MAX_LENGTH = 1_048_576;
/** So many problems are told at once. */
const TOLD = 5;

interface Located {
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly hint: string;
}

/**
 * `name` is how errors call the file. `taken`: feature -> where it is from, for names that are not free. Throws invalid_argument, with
 * every problem in its details.
 */
export function readDefinitions(text: string, name: string, taken: ReadonlyMap<string, string> = new Map()): Definition[] {
  if (text.length > MAX_LENGTH)
    throw refusal(name, [{ line: 1, column: 1, message: `is longer than ${MAX_LENGTH} characters`, hint: 'Give a file of features.' }]);
  const { LineCounter, parseDocument } = yaml();
  const lines = new LineCounter();
  const document = parseDocument(text.replace(/^\uFEFF/, ''), { lineCounter: lines, prettyErrors: false, logLevel: 'silent' });
  const problems: Located[] = [];
  const tellAt = (offset: number, message: string, hint: string): void => {
    const { line, col } = lines.linePos(offset);
    problems.push({ line: Math.max(1, line), column: Math.max(1, col), message, hint });
  };
  for (const { message, pos } of [...document.errors, ...document.warnings]) tellAt(pos[0], message, 'Mend the JSON or YAML there.');
  if (problems.length > 0) throw refusal(name, problems);

  const problem: Problem = (path, message, hint, key = false) =>
    tellAt(offsetOf(document, path, key), path.length === 0 ? message : `${pathText(path)}: ${message}`, hint);
  const given = plainValue(document, (message) => tellAt(0, message, 'Write the value out in full.'));
  const parsed = fileForm().fileSchema.safeParse(given);
  if (problems.length > 0) throw refusal(name, problems);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) tellIssue(issue, given, problem);
    throw refusal(name, problems);
  }
  const seen = new Map(taken);
  const definitions = parsed.data.features.flatMap((given, index) => {
    const path = ['features', index];
    const holder = seen.get(given.name);
    if (holder !== undefined) problem([...path, 'name'], `${given.name} is the name of a feature ${holder}`, 'Choose another name.');
    else seen.set(given.name, `of this file already, at ${pathText(path)}`);
    const definition = definitionOf(given, (below, ...what) => problem([...path, ...below], ...what));
    return definition === undefined ? [] : [definition];
  });
  if (problems.length > 0) throw refusal(name, problems);
  return definitions;
}

function plainValue(document: Yaml.Document, wrong: (message: string) => void): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    // An alias to nothing, or too many of them.
    wrong((error as Error).message);
    return undefined;
  }
}

function tellIssue(issue: z.core.$ZodIssue, given: unknown, tell: Problem): void {
  const path = issue.path as Path;
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(path);
    for (const key of issue.keys) tell([...path, key], 'is not a key that is known here', suggestion(key, known), true);
    return;
  }
  const hint = issue.code === 'custom' ? (issue.params as { readonly hint?: string } | undefined)?.hint : undefined;
  const missing = path.length > 0 && at(given, path) === undefined;
  tell(path, issue.message, hint ?? (missing ? `Add ${String(path.at(-1))}.` : 'docs/features.md says what a file of features may have.'));
}

function at(given: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) => (value as Record<string | number, unknown> | undefined)?.[step], given);
}

function keysAt(path: Path): readonly string[] {
  const { COMPARISONS, featureSchema, fileSchema } = fileForm();
  if (path.length === 0) return Object.keys(fileSchema.shape);
  return path.length === 2 ? Object.keys(featureSchema.shape) : COMPARISONS;
}

/** Where the value at the path begins, or with `key` its key; where there is none, the nearest that holds it. */
function offsetOf(document: Yaml.Document, path: Path, key: boolean): number {
  const { isMap, isNode, isSeq } = yaml();
  let node: Yaml.Node | null = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const [depth, step] of path.entries()) {
    if (isMap(node)) {
      const pair = pairOf(node, String(step));
      if (pair === undefined) return offset;
      const [keyNode, value] = [pair.key, pair.value];
      if (isNode(keyNode)) offset = keyNode.range?.[0] ?? offset;
      if (key && depth === path.length - 1) return offset;
      node = isNode(value) ? value : null;
    } else if (isSeq(node)) {
      const item: unknown = node.items[Number(step)];
      node = isNode(item) ? item : null;
    } else return offset;
    if (node?.range != null && node.range[1] > node.range[0]) offset = node.range[0];
  }
  return offset;
}

function pairOf(map: Yaml.YAMLMap, key: string) {
  const { isPair, isScalar } = yaml();
  return map.items.find((item) => isPair(item) && (isScalar(item.key) ? String(item.key.value) : String(item.key)) === key);
}

/** features[2].filter.category */
function pathText(path: Path): string {
  return path.map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`)).join('');
}

function refusal(name: string, problems: readonly Located[]): TipstreamError {
  const inOrder = [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
  const told = inOrder.slice(0, TOLD).map(({ line, column, message }) => `${name}:${line}:${column}: ${message}`);
  const more = inOrder.length > TOLD ? [`and ${inOrder.length - TOLD} more`] : [];
  return new TipstreamError('invalid_argument', [...told, ...more].join('\n'), {
    hint: [...new Set(inOrder.slice(0, TOLD).map(({ hint }) => hint))].join(' '),
    details: { file: name, problems: inOrder },
  });
}
