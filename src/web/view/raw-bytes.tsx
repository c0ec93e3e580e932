/** Bytes as they read and in hexadecimal. Of many the first are shown, until somebody asks for all. */
import { useState } from 'preact/hooks';
import { bytesOf, hexLines, sizeText, textOf } from '../format/bytes.js';
import { count } from '../format/numbers.js';

/** In characters of a text and in bytes. */
const FIRST = { text: 20_000, hex: 2_048 } as const;

export interface RawBytesProps {
  /** What they are, for those who hear it. */
  readonly label: string;
  /** Hexadecimal digits; null: there are none, which is not the same as empty. */
  readonly hex: string | null;
}

export function RawBytes({ label, hex }: RawBytesProps) {
  const [isWhole, setWhole] = useState(false);
  if (hex === null) return <p class="muted">There is none: the record has no {label.toLowerCase()}.</p>;
  if (hex === '') return <p class="muted">It is empty.</p>;
  const bytes = bytesOf(hex);
  const text = textOf(bytes);
  const isCut = !isWhole && (bytes.length > FIRST.hex || (text?.length ?? 0) > FIRST.text);
  return (
    <>
      <p class="hint">
        {sizeText(bytes.length)}
        {text === undefined ? ', which are not UTF-8' : ''}.
      </p>
      {text === undefined ? null : (
        <pre class="raw" tabIndex={0} role="region" aria-label={`${label} as text`}>
          {isWhole ? text : text.slice(0, FIRST.text).replace(/[\ud800-\udbff]$/, '')}
        </pre>
      )}
      <details open={text === undefined}>
        <summary>In hexadecimal</summary>
        <pre class="raw" tabIndex={0} role="region" aria-label={`${label} in hexadecimal`}>
          {hexLines(bytes, isWhole ? bytes.length : FIRST.hex)}
        </pre>
      </details>
      {isCut ? (
        <p class="actions">
          <button type="button" onClick={() => setWhole(true)}>
            Show all {count(bytes.length)} bytes
          </button>
          <span class="hint">
            The first {count(FIRST.text)} characters and {count(FIRST.hex)} bytes are shown.
          </span>
        </p>
      ) : null}
    </>
  );
}
