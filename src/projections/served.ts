/** The counters that several features share: the tips served in the window, and those of them that met with each action. */
import type { Action } from '../topics.js';
import type { CounterFamily } from './counter.js';
import type { TipState } from './tip.js';
import { hasHappened, isInWindow, WINDOW_MS } from './window.js';

/** V: the tips with served_at in the window. */
export const servedTips: CounterFamily = {
  id: 'served',
  names: ['served'],
  windowMs: WINDOW_MS,
  contribute(tip, asOfMs, add) {
    if (isInWindow(tip.servedAtMs, asOfMs)) add('served', 1);
  },
};

/** The tips of V with the action. It counts however late it came, and before the serving too. */
export const servedTipsWith: Record<Action, CounterFamily> = {
  done: tipsOfVolumeWith('done', (tip) => tip.doneAtMs),
  dismiss: tipsOfVolumeWith('dismiss', (tip) => tip.dismissAtMs),
  snooze: tipsOfVolumeWith('snooze', (tip) => tip.snoozeAtMs),
};

function tipsOfVolumeWith(action: Action, atMs: (tip: TipState) => number | null): CounterFamily {
  return {
    id: action,
    names: [action],
    windowMs: WINDOW_MS,
    contribute(tip, asOfMs, add) {
      if (isInWindow(tip.servedAtMs, asOfMs) && hasHappened(atMs(tip), asOfMs)) add(action, 1);
    },
  };
}
