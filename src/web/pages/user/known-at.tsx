/** What was known when the log stood at earlier offsets: which, what of it is lost, and the way back to what is known now. */
import { useRef } from 'preact/hooks';
import type { ProvenanceDocument } from '../../../service/application.js';
import { count } from '../../format/numbers.js';
import { withQuery } from '../../state/address.js';
import { useNavigation } from '../../state/location.js';
import { SearchState } from './events-behind.js';

export function KnownAt({ provenance }: { readonly provenance: ProvenanceDocument }) {
  const { address, go } = useNavigation();
  const { known_at: knownAt, search } = provenance;
  const form = useRef<HTMLFormElement>(null);
  const goTo = (positions: string | undefined) => go(withQuery(address, { known_at: positions }));
  const topics = search.partitions.map(({ topic, end }) => ({ topic, offset: knownAt?.positions[topic] ?? end }));
  const show = (event: Event) => {
    event.preventDefault();
    const given = new FormData(form.current!);
    goTo(JSON.stringify(Object.fromEntries(topics.map(({ topic }) => [topic, Number(given.get(topic))]))));
  };
  return (
    <>
      {knownAt === null ? null : (
        <div class="notice plain" role="status">
          <p>
            As it was known when the log stood at{' '}
            {Object.entries(knownAt.positions)
              .map(([topic, offset]) => `${topic} ${count(offset)}`)
              .join(', ')}
            .{' '}
            {knownAt.lost.map(
              ({ topic, low }) => `What ${topic} held before offset ${count(low)} is gone from the log, and missing here. `,
            )}
          </p>
          <p class="actions">
            <button type="button" onClick={() => goTo(undefined)}>
              As it is known now
            </button>
          </p>
        </div>
      )}
      {knownAt?.is_read === false ? <SearchState search={search} isUnread /> : null}
      <details>
        <summary>As it was known at other offsets</summary>
        <form ref={form} class="filter" onSubmit={show}>
          {topics.map(({ topic, offset }) => (
            <div key={topic}>
              <label for={`known-${topic}`}>Next offset of {topic}</label>
              <input
                id={`known-${topic}`}
                name={topic}
                key={offset}
                defaultValue={String(offset)}
                required
                inputMode="numeric"
                pattern="[0-9]{1,15}"
              />
            </div>
          ))}
          <button type="submit">Show</button>
        </form>
        <p class="hint">What lies before these offsets was known. The log is read from its beginning up to there.</p>
      </details>
    </>
  );
}
