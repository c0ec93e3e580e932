/** Markdown, with what reads it loaded when it is first needed. */
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';

type MarkdownComponent = ComponentType<{ readonly text: string }>;

export function LazyMarkdown({ text }: { readonly text: string }) {
  const [loaded, setLoaded] = useState<{ readonly Markdown: MarkdownComponent | null } | undefined>();
  useEffect(() => {
    let isGone = false;
    import('./markdown.js').then(
      ({ default: Markdown }) => !isGone && setLoaded({ Markdown }),
      () => !isGone && setLoaded({ Markdown: null }),
    );
    return () => {
      isGone = true;
    };
  }, []);
  if (loaded === undefined) return null;
  // As it is written, where what reads it cannot be had.
  return loaded.Markdown === null ? <pre class="scroll">{text}</pre> : <loaded.Markdown text={text} />;
}
