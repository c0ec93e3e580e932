/** Parts of the forms that choose which rows are shown. */
import type { RefObject } from 'preact';

export interface FilterTextProps {
  readonly id: string;
  readonly label: string;
  /** As the address has it. */
  readonly value: string | undefined;
  /** What it means to leave it empty. */
  readonly placeholder: string;
  /** id of the text that says what may be given. */
  readonly help: string;
  /** Read when the form is sent. */
  readonly field: RefObject<HTMLInputElement | null>;
}

export function FilterText({ id, label, value, placeholder, help, field }: FilterTextProps) {
  return (
    <div>
      <label for={id}>{label}</label>
      <input
        ref={field}
        id={id}
        key={value}
        defaultValue={value ?? ''}
        autocomplete="off"
        spellcheck={false}
        placeholder={placeholder}
        aria-describedby={help}
      />
    </div>
  );
}

/** `clear`: absent where nothing is filtered. */
export function FilterActions({ clear }: { readonly clear: (() => void) | undefined }) {
  return (
    <p class="actions">
      <button type="submit">Show</button>
      {clear === undefined ? null : (
        <button type="button" onClick={clear}>
          Show all
        </button>
      )}
    </p>
  );
}
