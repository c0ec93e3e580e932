/** Links between views: they change the address without loading a page, unless another tab is asked for. */
import type { ComponentChildren } from 'preact';
import { formatAddress, goingTo, isPathSegment, pathTo } from '../state/address.js';
import { useNavigation } from '../state/location.js';

export interface LinkProps {
  readonly to: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly current?: boolean;
  readonly title?: string;
  readonly class?: string;
  readonly children: ComponentChildren;
}

export function Link({ to, query, current = false, title, class: named, children }: LinkProps) {
  const { address, go } = useNavigation();
  const target = goingTo(address, to, query);
  return (
    <a
      href={formatAddress(target)}
      class={named}
      title={title}
      aria-current={current ? 'page' : undefined}
      onClick={(event) => {
        if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        go(target);
        scrollTo(0, 0);
      }}
    >
      {children}
    </a>
  );
}

/** To the page of a user; a few ids no browser can have in an address. */
export function UserLink({ userId }: { readonly userId: string }) {
  if (!isPathSegment(userId)) return <span title="A browser cannot have this id in an address.">{userId}</span>;
  return (
    <Link to={pathTo('/admin/users/{user_id}', { user_id: userId })} class="id">
      {userId}
    </Link>
  );
}
