/** What operators read uses the words of the field: Kafka's, SQLite's and those of statistics. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cooked, isNode, nameOf, parsed, placeOf, textOf, type Node, type Source } from './syntax.js';

const ROOT = join(import.meta.dirname, '../..');
/** Say pending or unacknowledged, reward or training example, switch to or cut over, counts, published. */
const PRIVATE_WORDS = /\b(owed|owes|debts?|taught|lessons?|(go|goes|going|gone|went) over to|tallies|announced)\b/i;
const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' })
  .split('\0')
  .filter((path) => path !== '');

interface Text {
  readonly at: string;
  readonly text: string;
}

const sources = tracked.filter((path) => /^src\/.*\.tsx?$/.test(path)).map((path) => parsed(ROOT, path));

function literals(file: Source): Text[] {
  return file.nodes.flatMap((node) => {
    const found = node.type === 'TemplateLiteral' ? cooked(node.quasis as readonly Node[]) : [textOf(node)];
    return found.filter((text) => text !== undefined).map((text) => ({ at: `${file.path}: ${text}`, text }));
  });
}

/** What is written where a name of this file is declared: `const HINT = '...'`. */
function declaredAs(file: Source, name: string): Node | undefined {
  let found: unknown;
  file.nodes.forEach((node) => {
    if (node.type === 'VariableDeclarator' && nameOf(node.id) === name) found ??= node.init;
  });
  return isNode(found) ? found : undefined;
}

/** The texts that a hint may be: of a + the whole, of a choice each, of a name what it stands for in this file. */
function hintTexts(file: Source, node: Node): string[] {
  const of = (member: string) => hintTexts(file, node[member] as Node);
  if (node.type === 'ConditionalExpression') return [...of('consequent'), ...of('alternate')];
  if (node.type === 'LogicalExpression') return [...of('left'), ...of('right')];
  if (node.type === 'BinaryExpression') return of('left').flatMap((left) => of('right').map((right) => left + right));
  const text = textOf(node);
  if (text !== undefined) return [text];
  if (node.type === 'TemplateLiteral') return [cooked(node.quasis as readonly Node[]).join('X')];
  const name = nameOf(node);
  const declared = name === undefined || name === 'hint' ? undefined : declaredAs(file, name);
  return declared === undefined || nameOf(declared) !== undefined ? [] : hintTexts(file, declared);
}

/** A parameter called `hint`: what it is unless given, null when that is nothing; undefined: another parameter. */
function hintParameter(parameter: unknown): Node | null | undefined {
  if (nameOf(parameter) === 'hint') return null;
  if (!isNode(parameter) || parameter.type !== 'AssignmentPattern' || nameOf(parameter.left) !== 'hint') return undefined;
  return parameter.right as Node;
}

const parametersOf = (node: Node) => (Array.isArray(node.params) ? (node.params as readonly unknown[]) : []);

/** Name of a function of the file -> which of its parameters is a hint. */
function takingHints(file: Source): Map<string, number> {
  const found = new Map<string, number>();
  file.nodes.forEach((node) => {
    const of = node.type === 'FunctionDeclaration' ? node : node.type === 'VariableDeclarator' && isNode(node.init) ? node.init : undefined;
    const name = nameOf(node.id);
    const index = of === undefined ? -1 : parametersOf(of).findIndex((parameter) => hintParameter(parameter) !== undefined);
    if (name !== undefined && index !== -1) found.set(name, index);
  });
  return found;
}

function hints(file: Source): Text[] {
  const texts: Text[] = [];
  const functions = takingHints(file);
  file.nodes.forEach((node) => {
    const take = (given: unknown): void => {
      if (isNode(given)) texts.push(...hintTexts(file, given).map((text) => ({ at: placeOf(file, node), text })));
    };
    if (node.type === 'Property' && nameOf(node.key) === 'hint') take(node.value);
    for (const parameter of parametersOf(node)) take(hintParameter(parameter));
    const text = textOf(node);
    if (text?.startsWith('hint: ') === true) texts.push({ at: placeOf(file, node), text: text.slice(6) });
    if (node.type !== 'CallExpression') return;
    const [callee, given] = [node.callee as Node, node.arguments as readonly Node[]];
    if (file.text.slice(callee.start, callee.end as number).endsWith('output.error')) take(given[1]);
    const index = functions.get(nameOf(callee) ?? '');
    if (index !== undefined) take(given[index]);
  });
  return texts;
}

describe('what people read', () => {
  it('has no private words in the texts of the program', () => {
    const found = sources.flatMap(literals).filter(({ text }) => PRIVATE_WORDS.test(text));
    expect(found).toEqual([]);
  });

  it('has no private words in README and docs', () => {
    const pages = tracked.filter((path) => /^(README\.md|docs\/[^/]+\.md)$/.test(path));
    const found = pages.flatMap((path) =>
      readFileSync(join(ROOT, path), 'utf8')
        .split('\n')
        .map((text, index) => ({ at: `${path}:${index + 1}`, text }))
        .filter(({ text }) => PRIVATE_WORDS.test(text)),
    );
    expect(found).toEqual([]);
  });

  it('says what to do in hints that are whole sentences', () => {
    const all = sources.flatMap(hints);
    expect(all.length).toBeGreaterThan(150);
    expect(all.filter(({ text }) => !/^[A-Z`][^]*\.$/.test(text))).toEqual([]);
  });
});
