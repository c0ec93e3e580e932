/** What a page is: an address and a component that is loaded when somebody goes there. */
import type { ComponentType } from 'preact';

export interface PageProps {
  /** Parameters of the address, decoded. */
  readonly parameters: Readonly<Record<string, string>>;
}

export interface Page {
  /** As in OpenAPI: /admin/users/{user_id}. One without parameters is in the navigation. */
  readonly path: string;
  /** Other addresses of the same page. */
  readonly alsoAt?: readonly string[];
  /** In the navigation, the heading and the title of the tab. */
  readonly title: string;
  readonly load: () => Promise<{ readonly default: ComponentType<PageProps> }>;
}
