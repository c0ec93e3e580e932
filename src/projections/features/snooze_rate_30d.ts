import { rateOf } from '../rate.js';

export const snoozeRate30d = rateOf('snooze', { name: 'snooze_rate_30d', past: 'snoozed' });
