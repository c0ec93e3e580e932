/** The time that a profile is asked for. */
import { useRef } from 'preact/hooks';
import { asOfGiven } from '../../format/times.js';
import { withQuery } from '../../state/address.js';
import { useNavigation } from '../../state/location.js';

export function AsOf({ asOf }: { readonly asOf: string | undefined }) {
  const { address, go } = useNavigation();
  const input = useRef<HTMLInputElement>(null);
  const show = (event: Event) => {
    event.preventDefault();
    go(withQuery(address, { as_of: asOfGiven(input.current!.value) }));
  };
  return (
    <form class="search" onSubmit={show}>
      <div>
        <label for="as-of">As of</label>
        <input
          ref={input}
          id="as-of"
          key={asOf}
          defaultValue={asOf ?? ''}
          autocomplete="off"
          spellcheck={false}
          placeholder="now"
          aria-describedby="as-of-help"
        />
      </div>
      <button type="submit">Show</button>
      <p id="as-of-help" class="hint">
        Unix ms or ISO 8601 in UTC, such as 2026-01-31T18:00. Empty: now.
      </p>
    </form>
  );
}
