/** What the fields of events may be, as far as it is needed where no event is checked. */
export const MAX_CANDIDATES = 200;
export const MAX_TIME_MS = 253_402_300_799_999;
export const ACTIONS = ['done', 'dismiss', 'snooze'] as const;
export const CONTROL_TYPES = ['promote', 'rollback', 'reset', 'migrate', 'configure'] as const;
/** Longer than tips are kept, a window would close with its decision's reward still open. */
export const MAX_REWARD_WINDOW_MS = 30 * 86_400_000;
