import { describe, expect, it } from 'vitest';
import type { Page } from '../../../src/web/page.js';
import { belongsTo, currentPage, inNavigation } from '../../../src/web/shell/current-page.js';

const page = (path: string, alsoAt?: readonly string[]): Page => ({
  path,
  title: path,
  load: () => Promise.reject(new Error('not loaded here')),
  ...(alsoAt === undefined ? {} : { alsoAt }),
});
const [home, users, user] = [page('/', ['/admin']), page('/admin/users'), page('/admin/users/{user_id}')];
const PAGES = [home, users, user];

describe('the page of an address', () => {
  it('is found with its parameters, under each of its addresses', () => {
    expect(currentPage(PAGES, '/admin')?.page).toBe(home);
    expect(currentPage(PAGES, '/admin/users/')?.page).toBe(users);
    expect(currentPage(PAGES, '/admin/users/a%2Fb')).toEqual({ page: user, parameters: { user_id: 'a/b' } });
    expect(currentPage(PAGES, '/admin/nothing')).toBeUndefined();
  });

  it('is in the navigation by itself or by what it stands below', () => {
    expect(inNavigation(PAGES)).toEqual([home, users]);
    expect(belongsTo(user, users)).toBe(true);
    expect(belongsTo(user, home)).toBe(false);
    expect(belongsTo(home, home)).toBe(true);
    expect(belongsTo(undefined, home)).toBe(false);
  });
});
