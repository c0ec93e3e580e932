/**
 * A browser that has no moveBefore takes the focus from what is moved in the document, as a row is when the order changes: this gives it
 * back.
 */
import { useLayoutEffect, useRef } from 'preact/hooks';

/** For the element whose children are put into another order. Call it while rendering. */
export function useKeptFocus(place: { readonly current: HTMLElement | null }): void {
  const before = useRef<HTMLElement | null>(null);
  const focused = document.activeElement;
  before.current = focused instanceof HTMLElement && place.current?.contains(focused) ? focused : null;
  useLayoutEffect(() => {
    const had = before.current;
    if (had !== null && had.isConnected && document.activeElement !== had) had.focus({ preventScroll: true });
  });
}
