import { describe, expect, it } from 'vitest';
import { PAGE_FILES } from '../../src/web/files.js';
import { buildServer } from '../../src/http/server.js';
import { fakeApplication } from '../support/fake-application.js';

const textOf = (path: string) => PAGE_FILES.find((file) => file.path === path)!.text;
const scripts = PAGE_FILES.filter((file) => file.path.endsWith('.js'));

describe('the page', () => {
  it.each(PAGE_FILES.map(({ path, contentType, text }) => [path, contentType, text] as const))(
    '%s is served as %s',
    async (path, contentType, text) => {
      const answer = await buildServer(fakeApplication(), { host: '127.0.0.1' }).inject(path);
      expect([answer.statusCode, answer.headers['content-type'], answer.body]).toEqual([200, contentType, text]);
    },
  );

  it.each(['/', '/admin/policies'])('%s loads only files that there are', (page) => {
    const loaded = [...textOf(page).matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]!);
    const imported = scripts.flatMap(({ text }) => [...text.matchAll(/from '\.\/([\w-]+\.js)'/g)].map((match) => `/page/${match[1]}`));
    expect(loaded.length).toBeGreaterThan(2);
    for (const path of [...loaded, ...imported]) expect(PAGE_FILES.map((file) => file.path)).toContain(path);
  });

  it.each(['/', '/admin/policies'])('%s has nothing inline that its policy would block', (page) => {
    expect(textOf(page)).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|javascript:/);
  });

  it('has no way to turn data into markup', () => {
    for (const { path, text } of scripts)
      expect(text, path).not.toMatch(
        /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|DOMParser|setAttribute\('(?:on|href|src)/,
      );
  });

  it('has an element for every id that a script looks for, once', () => {
    const ofPolicies = ['/page/policies.js', '/page/prompts.js'];
    for (const [page, own, atLeast] of [
      ['/', scripts.filter(({ path }) => !ofPolicies.includes(path)), 16],
      ['/admin/policies', scripts.filter(({ path }) => ofPolicies.includes(path)), 12],
    ] as const) {
      const ids = [...textOf(page).matchAll(/\sid="([^"]+)"/g)].map((match) => match[1]!);
      expect(new Set(ids).size).toBe(ids.length);
      const wanted = own.flatMap(({ text }) => [...text.matchAll(/byId\('([\w-]+)'\)/g)].map((match) => match[1]!));
      expect(wanted.length, page).toBeGreaterThanOrEqual(atLeast);
      for (const id of wanted) expect(ids).toContain(id);
    }
  });
});
