/** Every page, in the order of the navigation. A new page is a file in pages/ and a line here. */
import type { Page } from './page.js';

export const PAGES: readonly Page[] = [
  { path: '/', alsoAt: ['/admin'], title: 'Home', load: () => import('./pages/home.js') },
  { path: '/admin/lag', title: 'Lag', load: () => import('./pages/lag.js') },
  { path: '/admin/users', title: 'Users', load: () => import('./pages/users.js') },
  { path: '/admin/users/{user_id}', title: 'User', load: () => import('./pages/user/user.js') },
  {
    path: '/admin/users/{user_id}/decisions/{decision_id}',
    title: 'Decision',
    load: () => import('./pages/decision/decision.js'),
  },
  { path: '/admin/events', title: 'Events', load: () => import('./pages/events.js') },
  { path: '/admin/events/{topic}/{partition}/{offset}', title: 'Event', load: () => import('./pages/event.js') },
  { path: '/admin/dead-letters', title: 'Dead letters', load: () => import('./pages/dead-letters/dead-letters.js') },
  { path: '/admin/dead-letters/{topic}/{partition}/{offset}', title: 'Dead letter', load: () => import('./pages/dead-letters/letter.js') },
  { path: '/admin/data-quality', title: 'Data quality', load: () => import('./pages/data-quality/data-quality.js') },
  { path: '/admin/policies', title: 'Policies', load: () => import('./pages/policies/policies.js') },
  { path: '/admin/features', title: 'Features', load: () => import('./pages/features.js') },
  { path: '/admin/audit', title: 'Audit', load: () => import('./pages/audit.js') },
];
