/** The page that the address names, loaded when somebody goes there. */
import type { ComponentType } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Page, PageProps } from '../page.js';
import { PAGES } from '../pages.js';
import { useNavigation } from '../state/location.js';
import { Link } from '../view/link.js';
import { currentPage } from './current-page.js';

interface Loaded {
  readonly page: Page;
  /** null: its file could not be had. */
  readonly Component: ComponentType<PageProps> | null;
}

export function Outlet() {
  const { address } = useNavigation();
  const current = currentPage(PAGES, address.path);
  const [loaded, setLoaded] = useState<Loaded | undefined>();
  const page = current?.page;
  useEffect(() => {
    if (page === undefined) return;
    let isGone = false;
    page.load().then(
      (module) => !isGone && setLoaded({ page, Component: module.default }),
      () => !isGone && setLoaded({ page, Component: null }),
    );
    return () => {
      isGone = true;
    };
  }, [page]);
  const name = page === undefined ? 'Not found' : [page.title, ...Object.values(current?.parameters ?? {})].join(' ');
  useEffect(() => {
    document.title = page?.path === '/' ? 'tipstream' : `${name} · tipstream`;
  }, [name]);
  const main = useFocusOnArrival(address.path);
  return (
    <main id="content" ref={main} tabIndex={-1}>
      <h1 class={page?.path === '/' ? 'unseen' : undefined}>{name}</h1>
      {current === undefined ? (
        <p class="card">
          There is no page at {address.path}. <Link to="/">Go to the first page.</Link>
        </p>
      ) : loaded === undefined || loaded.page !== page ? null : loaded.Component === null ? (
        <p class="problem">This page could not be loaded. The service may have been updated: load the page again.</p>
      ) : (
        <loaded.Component parameters={current.parameters} />
      )}
    </main>
  );
}

/** A new page is where reading goes on, as it is when a browser loads one; not for the first, which the browser has loaded. */
function useFocusOnArrival(path: string) {
  const main = useRef<HTMLElement>(null);
  const first = useRef(path);
  useEffect(() => {
    if (first.current === path) return;
    first.current = '';
    main.current?.focus({ preventScroll: true });
  }, [path]);
  return main;
}
