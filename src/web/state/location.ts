/** The address of this tab, and going elsewhere by the History API, so that Back works. */
import { createContext } from 'preact';
import { useContext, useLayoutEffect, useState } from 'preact/hooks';
import { formatAddress, parseAddress, withQuery, type Address } from './address.js';

export interface Navigation {
  readonly address: Address;
  /** A new entry of the history. */
  readonly go: (to: Address) => void;
  /** In place of the present entry: for what one does not want to go back through. */
  readonly replace: (to: Address) => void;
  /** The same of parts of the query, wherever the tab is by now; undefined removes one. */
  readonly change: (query: Readonly<Record<string, string | undefined>>) => void;
}

const here = (): Address => parseAddress(location.pathname + location.search);

export const NavigationContext = createContext<Navigation>({
  address: { path: '/', query: {} },
  go: () => undefined,
  replace: () => undefined,
  change: () => undefined,
});

export const useNavigation = (): Navigation => useContext(NavigationContext);

/** For the outermost element. */
export function useHistory(): Navigation {
  const [address, setAddress] = useState(here);
  // Before anything else can happen: a Back that came before the browser had painted would be lost to useEffect.
  useLayoutEffect(() => {
    const onPopState = () => setAddress(here());
    addEventListener('popstate', onPopState);
    return () => removeEventListener('popstate', onPopState);
  }, []);
  const move = (to: Address, how: 'pushState' | 'replaceState') => {
    const text = formatAddress(to);
    if (text !== location.pathname + location.search) history[how](null, '', text);
    setAddress(here());
  };
  return {
    address,
    go: (to) => move(to, 'pushState'),
    replace: (to) => move(to, 'replaceState'),
    change: (query) => move(withQuery(here(), query), 'replaceState'),
  };
}
