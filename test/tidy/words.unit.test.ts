/** What operators read uses the words of the field: Kafka's, SQLite's and those of statistics. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

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

function parsed(path: string): ts.SourceFile {
  return ts.createSourceFile(path, readFileSync(join(ROOT, path), 'utf8'), ts.ScriptTarget.Latest, true);
}

const sources = tracked.filter((path) => /^src\/.*\.tsx?$/.test(path)).map(parsed);
const lineOf = (file: ts.SourceFile, node: ts.Node) =>
  `${file.fileName}:${file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1}`;

function everyNode(file: ts.SourceFile, visit: (node: ts.Node) => void): void {
  const each = (node: ts.Node): void => {
    visit(node);
    ts.forEachChild(node, each);
  };
  each(file);
}

function literals(file: ts.SourceFile): Text[] {
  const texts: Text[] = [];
  everyNode(file, (node) => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node))
      texts.push({ at: lineOf(file, node), text: node.text });
  });
  return texts;
}

/** What is written where a name of this file is declared: `const HINT = '...'`. */
function declaredAs(file: ts.SourceFile, name: string): ts.Expression | undefined {
  let found: ts.Expression | undefined;
  everyNode(file, (node) => {
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.name.text === name) found ??= node.initializer;
  });
  return found;
}

/** The texts that a hint may be: of a + the whole, of a condition both, of a name what it stands for in this file. */
function hintTexts(file: ts.SourceFile, node: ts.Expression): string[] {
  if (ts.isParenthesizedExpression(node)) return hintTexts(file, node.expression);
  if (ts.isConditionalExpression(node)) return [...hintTexts(file, node.whenTrue), ...hintTexts(file, node.whenFalse)];
  if (ts.isBinaryExpression(node))
    return hintTexts(file, node.left).flatMap((left) => hintTexts(file, node.right).map((right) => left + right));
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isTemplateExpression(node)) return [node.head.text + node.templateSpans.map(({ literal }) => `X${literal.text}`).join('')];
  const declared = ts.isIdentifier(node) && node.text !== 'hint' ? declaredAs(file, node.text) : undefined;
  return declared === undefined || ts.isIdentifier(declared) ? [] : hintTexts(file, declared);
}

const nameOf = (node: ts.Node): string | undefined =>
  ts.isFunctionDeclaration(node)
    ? node.name?.text
    : ts.isArrowFunction(node) && ts.isVariableDeclaration(node.parent) && ts.isIdentifier(node.parent.name)
      ? node.parent.name.text
      : undefined;

/** Name of a function of the file -> which of its parameters is a hint. */
function takingHints(file: ts.SourceFile): Map<string, number> {
  const found = new Map<string, number>();
  everyNode(file, (node) => {
    const name = nameOf(node);
    if (name === undefined) return;
    const index = (node as ts.FunctionLikeDeclaration).parameters.findIndex((parameter) => parameter.name.getText(file) === 'hint');
    if (index !== -1) found.set(name, index);
  });
  return found;
}

function hints(file: ts.SourceFile): Text[] {
  const texts: Text[] = [];
  const functions = takingHints(file);
  const take = (node: ts.Node, given: ts.Expression | undefined): void => {
    if (given !== undefined) texts.push(...hintTexts(file, given).map((text) => ({ at: lineOf(file, node), text })));
  };
  everyNode(file, (node) => {
    if (ts.isPropertyAssignment(node) && node.name.getText(file) === 'hint') take(node, node.initializer);
    if (ts.isParameter(node) && node.name.getText(file) === 'hint') take(node, node.initializer);
    if (ts.isCallExpression(node) && node.expression.getText(file).endsWith('output.error')) take(node, node.arguments[1]);
    if (ts.isStringLiteralLike(node) && node.text.startsWith('hint: ')) texts.push({ at: lineOf(file, node), text: node.text.slice(6) });
    const index = ts.isCallExpression(node) && ts.isIdentifier(node.expression) ? functions.get(node.expression.text) : undefined;
    if (index !== undefined) take(node, (node as ts.CallExpression).arguments[index]);
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
