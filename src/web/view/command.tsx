/** A command to be run in a shell, with a button that copies it. */
import { useState } from 'preact/hooks';

export function Command({ text, does }: { readonly text: string; readonly does: string }) {
  const [said, setSaid] = useState('');
  const copy = async (button: HTMLButtonElement) => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid('Copied.');
    } catch {
      // Browsers hand out the clipboard on https and localhost alone: then the text is marked, to be copied by keys.
      const code = button.parentElement?.querySelector('code');
      if (code) getSelection()?.selectAllChildren(code);
      setSaid('Press Ctrl+C or ⌘C to copy.');
    }
  };
  return (
    <li class="command">
      <span class="does">{does}</span>
      <span class="line">
        <code>{text}</code>
        <button type="button" aria-label={`Copy: ${text}`} onClick={(event) => void copy(event.currentTarget)}>
          Copy
        </button>
        <span role="status" class="hint">
          {said}
        </span>
      </span>
    </li>
  );
}
