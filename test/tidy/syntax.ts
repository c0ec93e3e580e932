/** Source files as trees (ESTree), for rules that a regular expression cannot hold. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'vite';

/** A node of an ESTree: its members depend on its type. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly [member: string]: unknown;
}

export interface Source {
  readonly path: string;
  readonly text: string;
  /** All of them, parents first. */
  readonly nodes: readonly Node[];
}

/** Throws what the parser says of a file that it cannot read. */
export function parsed(root: string, path: string): Source {
  const text = readFileSync(join(root, path), 'utf8');
  const { program, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]!.message}`);
  const nodes: Node[] = [];
  collect(program as unknown as Node, nodes);
  return { path, text, nodes };
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Partial<Node>).type === 'string';
}

function collect(node: Node, into: Node[]): void {
  into.push(node);
  for (const member of Object.values(node))
    for (const child of Array.isArray(member) ? (member as readonly unknown[]) : [member]) if (isNode(child)) collect(child, into);
}

export function placeOf({ path, text }: Source, { start }: Node): string {
  return `${path}:${text.slice(0, start).split('\n').length}`;
}

/** undefined: the node is no text without parts to fill in. */
export function textOf(node: Node): string | undefined {
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node.type === 'TemplateLiteral' && (node.expressions as readonly Node[]).length === 0)
    return cooked(node.quasis as readonly Node[])[0];
  return undefined;
}

/** The texts of a template between what is filled in. */
export function cooked(quasis: readonly Node[]): string[] {
  return quasis.map(({ value }) => (value as { readonly cooked: string }).cooked);
}

/** Name of an identifier, else undefined. */
export function nameOf(node: unknown): string | undefined {
  return isNode(node) && node.type === 'Identifier' ? (node.name as string) : undefined;
}
