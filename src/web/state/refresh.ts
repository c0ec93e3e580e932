/** The rhythm at which all views ask, and what happens when the service wants a token. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Rhythm } from './polling.js';

export interface Refresh {
  readonly rhythm: Rhythm;
  /** Another number: everything is asked for again. */
  readonly turn: number;
  readonly onUnauthorized: () => void;
}

export const RefreshContext = createContext<Refresh>({
  rhythm: { seconds: null, isPaused: false },
  turn: 0,
  onUnauthorized: () => undefined,
});

export const useRefresh = (): Refresh => useContext(RefreshContext);
