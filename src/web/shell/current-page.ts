/** Which page an address names, and which of the navigation it belongs to. Pure. */
import type { Page } from '../page.js';
import { matchPath } from '../state/address.js';

export interface CurrentPage {
  readonly page: Page;
  readonly parameters: Readonly<Record<string, string>>;
}

export function currentPage(pages: readonly Page[], path: string): CurrentPage | undefined {
  for (const page of pages)
    for (const pattern of [page.path, ...(page.alsoAt ?? [])]) {
      const parameters = matchPath(pattern, path);
      if (parameters !== undefined) return { page, parameters };
    }
  return undefined;
}

export const inNavigation = (pages: readonly Page[]): readonly Page[] => pages.filter(({ path }) => !path.includes('{'));

/** Whether a page is the one of the navigation, or stands below it. */
export function belongsTo(page: Page | undefined, entry: Page): boolean {
  return page !== undefined && (page.path === entry.path || (entry.path !== '/' && page.path.startsWith(`${entry.path}/`)));
}
