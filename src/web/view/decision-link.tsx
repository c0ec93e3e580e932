/** To a decision of a user; a few ids no browser can have in an address. */
import type { ComponentChildren } from 'preact';
import { isPathSegment, pathTo } from '../state/address.js';
import { Link } from './link.js';

export interface DecisionLinkProps {
  readonly userId: string;
  readonly decisionId: string;
  /** In place of the id. */
  readonly children?: ComponentChildren;
}

export function DecisionLink({ userId, decisionId, children = decisionId }: DecisionLinkProps) {
  if (!isPathSegment(userId) || !isPathSegment(decisionId))
    return <span title="A browser cannot have this id in an address.">{children}</span>;
  return (
    <Link
      to={pathTo('/admin/users/{user_id}/decisions/{decision_id}', { user_id: userId, decision_id: decisionId })}
      class="id"
      title={`decision ${decisionId}`}
    >
      {children}
    </Link>
  );
}
