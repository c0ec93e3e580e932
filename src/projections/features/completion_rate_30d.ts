import { rateOf } from '../rate.js';

export const completionRate30d = rateOf('done', { name: 'completion_rate_30d', past: 'done' });
