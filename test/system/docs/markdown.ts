/** Reads the project's own Markdown: files, links, headings and fenced blocks. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

export interface FencedBlock {
  readonly language: string;
  readonly text: string;
  /** Of its first line of text, from 1. */
  readonly line: number;
  /** The heading it stands under. */
  readonly heading: string;
}

/** Paths from the root. */
export function markdownFiles(): string[] {
  const inDocs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) => join('docs', name));
  return [...readdirSync(ROOT), ...inDocs].filter((name) => name.endsWith('.md')).sort();
}

export function readPage(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

export function fencedBlocks(markdown: string): FencedBlock[] {
  const blocks: FencedBlock[] = [];
  let open: { language: string; line: number; lines: string[] } | undefined;
  let heading = '';
  markdown.split('\n').forEach((line, index) => {
    const fence = /^```(\w*)$/.exec(line);
    if (open !== undefined && fence) {
      blocks.push({ language: open.language, text: open.lines.join('\n'), line: open.line, heading });
      open = undefined;
    } else if (open !== undefined) open.lines.push(line);
    else if (fence) open = { language: fence[1]!, line: index + 2, lines: [] };
    else heading = /^#+ (.*)$/.exec(line)?.[1] ?? heading;
  });
  if (open !== undefined) throw new Error(`the block at line ${open.line} is not closed`);
  return blocks;
}

/** The blocks of commands under a heading. docs-commands.unit.test.ts looks for these calls: what a test names, it runs. */
export function shellBlocks(page: string, heading: string): FencedBlock[] {
  const blocks = fencedBlocks(readPage(page)).filter((block) => block.language === 'sh' && block.heading === heading);
  if (blocks.length === 0) throw new Error(`${page} has no commands under "${heading}"`);
  return blocks;
}

/** Markdown without its fenced blocks and code spans. */
function prose(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, '');
}

/** Targets of links that are not addresses. */
export function relativeLinks(markdown: string): string[] {
  return [...prose(markdown).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!).filter((target) => !/^[a-z]+:/.test(target));
}

/** What GitHub makes of the headings. */
export function anchors(markdown: string): Set<string> {
  const headings = [...prose(markdown).matchAll(/^#+ (.*)$/gm)].map((match) => match[1]!);
  return new Set(
    headings.map((heading) =>
      heading
        .trim()
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replace(/\s/g, '-'),
    ),
  );
}
