import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchors, fencedBlocks, markdownFiles, readPage, relativeLinks, ROOT } from './markdown.js';

describe.each(markdownFiles())('%s', (page) => {
  const markdown = readPage(page);

  it('has only links that lead somewhere', () => {
    const broken = relativeLinks(markdown).filter((link) => {
      const [target, anchor] = link.split('#') as [string, string | undefined];
      const path = target === '' ? page : join(dirname(page), target);
      if (!existsSync(join(ROOT, path))) return true;
      return anchor !== undefined && !anchors(readPage(path)).has(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('closes its blocks and names their languages', () => {
    expect(fencedBlocks(markdown).filter(({ language }) => language === '')).toEqual([]);
  });

  it('has no path or host of the machine it was written on', () => {
    expect(markdown).not.toMatch(/\/(work|root|home|Users)\//);
  });
});

describe('the reader of links', () => {
  it('finds links, leaves addresses and code alone, and knows anchors as GitHub makes them', () => {
    expect(relativeLinks('[a](b.md#c) [x](https://x.y) `[c](d)`\n```sh\n[e](f)\n```\n')).toEqual(['b.md#c']);
    expect([...anchors("# What's kept, of a tip\n```text\n# no\n```\n")]).toEqual(['whats-kept-of-a-tip']);
  });
});

it('every decision is listed', () => {
  const index = readPage('docs/adr/README.md');
  const decisions = markdownFiles().filter((path) => /adr\/\d{4}-/.test(path));
  expect(decisions.length).toBeGreaterThan(5);
  for (const path of decisions) expect(index).toContain(path.slice('docs/adr/'.length));
});
