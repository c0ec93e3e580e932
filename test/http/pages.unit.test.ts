/** The server's side of the pages: which addresses have them, how they may be kept, and what an installation without them says. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { builtPages, readPages } from '../../src/http/pages.js';
import { pageRoutes } from '../../src/http/routes/page.js';
import { buildServer } from '../../src/http/server.js';
import { fakeApplication } from '../support/fake-application.js';

const { shell, assets } = builtPages();
const serve = () => buildServer(fakeApplication(), { host: '127.0.0.1' });
const directories: string[] = [];
afterAll(() => directories.forEach((directory) => rmSync(directory, { recursive: true })));

/** A build by hand. */
function directoryOf(files: Readonly<Record<string, string>>): URL {
  const directory = mkdtempSync(join(tmpdir(), 'tipstream-pages-'));
  directories.push(directory);
  mkdirSync(join(directory, 'page'));
  for (const [path, text] of Object.entries(files)) writeFileSync(join(directory, path), text);
  return pathToFileURL(`${directory}/`);
}

describe('the shell', () => {
  it.each(['/', '/admin', '/admin/lag', '/admin/users/a%2Fb', '/admin/events/tip.served/3/17', '/?user=ana'])('is at %s', async (url) => {
    const answer = await serve().inject(url);
    expect([answer.statusCode, answer.headers['content-type'], answer.headers['cache-control']]).toEqual([
      200,
      'text/html; charset=utf-8',
      'no-cache',
    ]);
    expect(answer.rawPayload).toEqual(shell.bytes);
  });

  it('has nothing inline that its policy would block, and loads only files that there are', async () => {
    const text = shell.bytes.toString('utf8');
    expect(text).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|javascript:/);
    const loaded = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]!);
    expect(loaded.length).toBeGreaterThan(2);
    for (const path of loaded) expect((await serve().inject(path)).statusCode).toBe(200);
  });

  it('takes GET alone', async () => {
    const answer = await serve().inject({
      method: 'POST',
      url: '/admin/lag',
      headers: { 'content-type': 'application/json' },
      payload: '{}',
    });
    expect([answer.statusCode, answer.headers['allow']]).toEqual([405, 'GET, HEAD']);
  });
});

describe('an asset', () => {
  it('may be kept for ever, since its name changes', async () => {
    expect(assets.length).toBeGreaterThan(5);
    for (const file of assets) {
      const path = file.path;
      expect(path).toMatch(/^\/page\/[\w.-]+-[\w-]{8}\.(js|css|svg)$/);
      const answer = await serve().inject(path);
      expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, file.contentType]);
      expect(answer.headers['cache-control']).toBe('public, max-age=31536000, immutable');
      expect(answer.rawPayload).toEqual(file.bytes);
    }
  });

  it.each([
    ['gzip', true],
    ['br, gzip;q=0.5', true],
    ['*', true],
    ['gzip;q=0', false],
    ['gzip;q=0.0, identity', false],
    ['br', false],
    [undefined, false],
  ])('is compressed for who sends accept-encoding %s: %s', async (accepted, isCompressed) => {
    const { path, bytes } = assets.find((file) => file.path.endsWith('.js'))!;
    const answer = await serve().inject({ url: path, headers: accepted === undefined ? {} : { 'accept-encoding': accepted } });
    expect([answer.headers['content-encoding'], answer.headers['vary']]).toEqual([isCompressed ? 'gzip' : undefined, 'accept-encoding']);
    expect(isCompressed ? gunzipSync(answer.rawPayload) : answer.rawPayload).toEqual(bytes);
  });

  it('has no way to turn data into markup', () => {
    const scripts = assets.filter(({ path }) => path.endsWith('.js') && !path.includes('uPlot'));
    // Preact's own: only with dangerouslySetInnerHTML, which no source has.
    const ours = scripts.map(({ path, bytes }) => [path, bytes.toString('utf8')] as const);
    expect(ours.length).toBeGreaterThan(4);
    for (const [path, text] of ours) expect(text, path).not.toMatch(/insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser/);
  });
});

describe('an installation without pages', () => {
  it.each<[string, Readonly<Record<string, string>>]>([
    ['without any file', {}],
    ['without its scripts', { 'index.html': '<script src="/page/index-1.js"></script>' }],
    ['with a file of no known kind', { 'index.html': '', 'page/notes.txt': '' }],
  ])('%s says so, and what to do', (_, files) => {
    expect(() => readPages(directoryOf(files))).toThrow(
      expect.objectContaining({ code: 'internal', hint: expect.stringContaining('npm run build') as string }),
    );
  });

  it('has routes that say so, in place of a blank page', () => {
    const routes = pageRoutes(() => readPages(directoryOf({})));
    expect(routes.map(({ path }) => path)).toEqual(['/', '/admin', '/admin/*']);
    for (const { handle } of routes)
      expect(() => handle({ params: {}, query: {}, body: undefined }, {} as never, fakeApplication())).toThrow(
        'this installation has no pages',
      );
  });
});
