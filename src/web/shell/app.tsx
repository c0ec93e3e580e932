/** The frame of all pages: navigation, whether all is well, how often is asked, and the page that the address names. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { goingTo, pathTo } from '../state/address.js';
import { NavigationContext, useHistory, useNavigation, type Navigation } from '../state/location.js';
import { secondsIn } from '../state/polling.js';
import { RefreshContext } from '../state/refresh.js';
import { hasToken, setToken } from '../state/token.js';
import { ServiceContext, usePolledService } from '../state/use-service.js';
import { PAGES } from '../pages.js';
import { RefreshControl } from '../view/refresh-control.js';
import { belongsTo, currentPage, inNavigation } from './current-page.js';
import { Link } from '../view/link.js';
import { Outlet } from './outlet.js';
import { ServiceState } from './service-state.js';
import { TokenGate, type Gate } from './token-gate.js';

export function App() {
  const navigation = useHistory();
  const { address } = navigation;
  const [isPaused, setPaused] = useState(false);
  const [turn, setTurn] = useState(0);
  const [gate, setGate] = useState<Gate | undefined>();
  useOldAddress(navigation);
  const seconds = secondsIn(address.query['refresh']);
  const refresh = useMemo(
    () => ({
      rhythm: { seconds, isPaused },
      turn,
      onUnauthorized: () => {
        setGate(hasToken() ? 'refused' : 'asked');
        setToken(null);
      },
    }),
    [seconds, isPaused, turn],
  );
  return (
    <NavigationContext.Provider value={navigation}>
      {gate === undefined ? (
        <RefreshContext.Provider value={refresh}>
          <Console isPaused={isPaused} onPause={setPaused} onNow={() => setTurn(turn + 1)} />
        </RefreshContext.Provider>
      ) : (
        <TokenGate
          gate={gate}
          onToken={(token) => {
            setToken(token);
            setGate(undefined);
          }}
        />
      )}
    </NavigationContext.Provider>
  );
}

interface ConsoleProps {
  readonly isPaused: boolean;
  readonly onPause: (isPaused: boolean) => void;
  readonly onNow: () => void;
}

function Console({ isPaused, onPause, onNow }: ConsoleProps) {
  const service = usePolledService();
  return (
    <ServiceContext.Provider value={service}>
      <header>
        <Top />
        <div class="under-top">
          <ServiceState isPaused={isPaused} />
          <RefreshControl isPaused={isPaused} onPause={onPause} onNow={onNow} />
        </div>
      </header>
      <Outlet />
    </ServiceContext.Provider>
  );
}

function Top() {
  const current = currentPage(PAGES, useNavigation().address.path)?.page;
  return (
    <div class="top">
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <span class="brand">
        <img src={new URL('../icon.svg', import.meta.url).href} alt="" width="24" height="24" /> tipstream
      </span>
      <nav aria-label="Pages">
        <ul>
          {inNavigation(PAGES).map((page) => (
            <li key={page.path}>
              <Link to={page.path} current={belongsTo(current, page)}>
                {page.title}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
    </div>
  );
}

/** `/?user=ana` is how a user was shared before users had pages. */
function useOldAddress({ address, replace }: Navigation): void {
  const user = address.path === '/' ? address.query['user'] : undefined;
  useEffect(() => {
    if (user !== undefined && user !== '')
      replace(goingTo(address, pathTo('/admin/users/{user_id}', { user_id: user }), { as_of: address.query['as_of'] }));
  }, [user]);
}
