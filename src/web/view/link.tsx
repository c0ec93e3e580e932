/** Links between views: they change the address without loading a page, unless another tab is asked for. */
import type { ComponentChildren } from 'preact';
import { formatAddress, goingTo } from '../state/address.js';
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

/** To the page of a user. */
export function UserLink({ userId }: { readonly userId: string }) {
  return (
    <Link to={`/admin/users/${encodeURIComponent(userId)}`} class="id">
      {userId}
    </Link>
  );
}
