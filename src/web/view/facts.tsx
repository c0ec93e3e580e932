/** Facts by name, one below the other. */
import { Fragment, type ComponentChildren } from 'preact';

export function Facts({ of }: { readonly of: readonly (readonly [name: string, fact: ComponentChildren])[] }) {
  return (
    <dl class="facts-list">
      {of.map(([name, fact]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>{fact}</dd>
        </Fragment>
      ))}
    </dl>
  );
}
