/** Which refused records are shown: by source, reason and time, as the address has it. */
import { useRef } from 'preact/hooks';
import type { LetterGroup } from '../../../service/application.js';
import { asOfGiven } from '../../format/times.js';
import { choices, type LetterFilter } from '../../state/dead-letters.js';
import { FilterActions, FilterText } from '../../view/filter-parts.js';

export interface LetterFilterFormProps {
  readonly values: LetterFilter;
  readonly groups: readonly LetterGroup[];
  readonly set: (changes: LetterFilter) => void;
  /** Absent: nothing is filtered. */
  readonly clear: (() => void) | undefined;
}

export function LetterFilterForm({ values, groups, set, clear }: LetterFilterFormProps) {
  const since = useRef<HTMLInputElement>(null);
  return (
    <form
      class="filter letters"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        set({ since: asOfGiven(since.current!.value) });
      }}
    >
      <Choice id="topic" label="Source" of="topic" groups={groups} chosen={values.topic} onChoose={(topic) => set({ topic })} />
      <Choice id="code" label="Reason" of="code" groups={groups} chosen={values.code} onChoose={(code) => set({ code })} />
      <FilterText id="since" label="Refused since" value={values.since} placeholder="the beginning" help="since-help" field={since} />
      <FilterActions clear={clear} />
      <p id="since-help" class="hint whole">
        Since: Unix ms or ISO 8601 in UTC, such as 2026-01-31T18:00.
      </p>
    </form>
  );
}

interface ChoiceProps {
  readonly id: string;
  readonly label: string;
  readonly of: 'topic' | 'code';
  readonly groups: readonly LetterGroup[];
  readonly chosen: string | undefined;
  readonly onChoose: (name: string | undefined) => void;
}

function Choice({ id, label, of, groups, chosen, onChoose }: ChoiceProps) {
  return (
    <div>
      <label for={id}>{label}</label>
      <select id={id} value={chosen ?? ''} onChange={(event) => onChoose(event.currentTarget.value || undefined)}>
        <option value="">all</option>
        {choices(groups, of, chosen).map(([name, records]) => (
          <option key={name} value={name}>
            {name} ({records})
          </option>
        ))}
      </select>
    </div>
  );
}
