/** The pages stay easy to read: short lines, and no paragraph that is a page. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const LONGEST_LINE = 160;
const LONGEST_PARAGRAPH = 600;

const pages = execFileSync('git', ['ls-files', '-z', '*.md'], { cwd: ROOT, encoding: 'utf8' })
  .split('\0')
  .filter((path) => path !== '');

interface Paragraph {
  readonly line: number;
  readonly lines: readonly string[];
}

/**
 * Headings, paragraphs and list items, without fenced blocks and tables. An item of a list, and each further indented paragraph in it,
 * stands alone.
 */
function paragraphs(markdown: string): Paragraph[] {
  const found: { line: number; lines: string[] }[] = [];
  let fence: string | undefined;
  let isOpen = false;
  markdown.split('\n').forEach((text, index) => {
    const mark = /^\s*(?:[-*]\s+|\d+\.\s+)?(`{3,}|~{3,})/.exec(text)?.[1];
    if (fence === undefined && mark !== undefined) fence = mark;
    else if (fence !== undefined) {
      if (text.trim() === fence) fence = undefined;
    } else if (text.trim() !== '' && !/^\s*\|/.test(text)) {
      const begins = /^\s*(?:[-*+]|\d+\.|#+)\s/.test(text);
      if (isOpen && !begins) found.at(-1)!.lines.push(text);
      else found.push({ line: index + 1, lines: [text] });
      isOpen = !/^#/.test(text);
      return;
    }
    isOpen = false;
  });
  return found;
}

/** `page:line` of what is too long, with its length. */
function tooLong(page: string, markdown: string): string[] {
  return paragraphs(markdown).flatMap(({ line, lines }) => {
    const long = lines.flatMap((text, index) =>
      text.length > LONGEST_LINE ? [`${page}:${line + index}: a line of ${text.length} characters`] : [],
    );
    const { length } = lines.map((text) => text.trim()).join(' ');
    return length > LONGEST_PARAGRAPH ? [...long, `${page}:${line}: a paragraph of ${length} characters`] : long;
  });
}

it('every page has lines of at most 160 characters and paragraphs of at most 600', () => {
  expect(pages.length).toBeGreaterThan(5);
  expect(pages.flatMap((page) => tooLong(page, readFileSync(join(ROOT, page), 'utf8')))).toEqual([]);
});

it('the rule sees lines, paragraphs and list items, and leaves code and tables alone', () => {
  const sentence = `${'a'.repeat(149)}.`;
  const long = 'b'.repeat(LONGEST_LINE + 1);
  const paragraph = Array.from({ length: 4 }, () => sentence).join('\n');
  expect(tooLong('p', `# Title\n\n${long}\n`)).toEqual(['p:3: a line of 161 characters']);
  expect(tooLong('p', `one\n\n${paragraph}\n`)).toEqual(['p:3: a paragraph of 603 characters']);
  expect(tooLong('p', `- one\n  ${long}\n`)).toEqual(['p:2: a line of 163 characters']);
  expect(tooLong('p', `- ${paragraph.replaceAll('\n', '\n- ')}\n`)).toEqual([]);
  expect(tooLong('p', `\`\`\`text\n${long}\n\`\`\`\n\n| ${long} |\n|---|\n| ${long} |\n`)).toEqual([]);
  expect(tooLong('p', `\`\`\`sh\nx\n\`\`\`\n${long}\n`)).toEqual(['p:4: a line of 161 characters']);
});
