import { rateOf } from '../rate.js';

export const dismissRate30d = rateOf('dismiss', { name: 'dismiss_rate_30d', past: 'dismissed' });
