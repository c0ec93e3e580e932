/**
 * Markdown as elements: marked reads it, and what it has read becomes nodes, never HTML. So nobody's text can bring markup of its own:
 * HTML in it is shown as it is written, and comments are left out.
 */
import { lexer, type Token, type Tokens } from 'marked';
import type { ComponentChildren } from 'preact';

/** Headings of a card stand below those of the page. */
const DEEPER = 2;

export default function Markdown({ text }: { readonly text: string }) {
  return <div class="markdown">{lexer(text).map(block)}</div>;
}

function block(token: Token, key: number): ComponentChildren {
  switch (token.type) {
    case 'heading': {
      const { depth, tokens } = token as Tokens.Heading;
      const Heading = `h${Math.min(6, depth + DEEPER)}` as 'h3';
      return <Heading key={key}>{inlines(tokens)}</Heading>;
    }
    case 'paragraph':
      return <p key={key}>{inlines((token as Tokens.Paragraph).tokens)}</p>;
    case 'code':
      return (
        <pre key={key} class="scroll" tabIndex={0}>
          {(token as Tokens.Code).text}
        </pre>
      );
    case 'blockquote':
      return <blockquote key={key}>{(token as Tokens.Blockquote).tokens.map(block)}</blockquote>;
    case 'list':
      return <List key={key} list={token as Tokens.List} />;
    case 'table':
      return <Table key={key} table={token as Tokens.Table} />;
    case 'hr':
      return <hr key={key} />;
    case 'space':
    case 'def':
      return null;
    case 'html':
      return isComment(token.raw) ? null : <p key={key}>{token.raw}</p>;
    default:
      return <p key={key}>{inline(token, key)}</p>;
  }
}

const isComment = (raw: string): boolean => /^\s*<!--[^]*-->\s*$/.test(raw);

function inlines(tokens: readonly Token[]): ComponentChildren {
  return tokens.map(inline);
}

function inline(token: Token, key: number): ComponentChildren {
  switch (token.type) {
    case 'strong':
      return <strong key={key}>{inlines((token as Tokens.Strong).tokens)}</strong>;
    case 'em':
      return <em key={key}>{inlines((token as Tokens.Em).tokens)}</em>;
    case 'del':
      return <del key={key}>{inlines((token as Tokens.Del).tokens)}</del>;
    case 'codespan':
      return <code key={key}>{(token as Tokens.Codespan).text}</code>;
    case 'br':
      return <br key={key} />;
    case 'link': {
      const { href, tokens } = token as Tokens.Link;
      // A relative one leads into the repository, which is not here.
      if (!/^https?:\/\//i.test(href)) return <span key={key}>{inlines(tokens)}</span>;
      return (
        <a key={key} href={href} rel="noreferrer noopener" target="_blank">
          {inlines(tokens)}
        </a>
      );
    }
    case 'image':
      return (token as Tokens.Image).text;
    case 'html':
      return isComment(token.raw) ? null : token.raw;
    case 'escape':
      return (token as Tokens.Escape).text;
    case 'text': {
      const { tokens, text } = token as Tokens.Text;
      return tokens === undefined ? unescaped(text) : inlines(tokens);
    }
    default:
      return token.raw;
  }
}

/** marked leaves references as they are written. */
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", nbsp: '\u00a0' };
const unescaped = (text: string): string => text.replaceAll(/&(amp|lt|gt|quot|#39|nbsp);/g, (_, name: string) => ENTITIES[name]!);

function List({ list: { ordered, start, items } }: { readonly list: Tokens.List }) {
  const children = items.map((item, key) => (
    <li key={key}>{item.tokens.map((token, at) => (token.type === 'text' ? inline(token, at) : block(token, at)))}</li>
  ));
  return ordered ? <ol start={start === '' ? 1 : start}>{children}</ol> : <ul>{children}</ul>;
}

function Table({ table: { header, rows } }: { readonly table: Tokens.Table }) {
  const hasHeadings = header.some(({ text }) => text !== '');
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={header.map(({ text }) => text).join(', ') || 'Facts'}>
      <table>
        {hasHeadings ? (
          <thead>
            <tr>
              {header.map(({ text, tokens }, key) =>
                text === '' ? (
                  <td key={key} />
                ) : (
                  <th key={key} scope="col">
                    {inlines(tokens)}
                  </th>
                ),
              )}
            </tr>
          </thead>
        ) : null}
        <tbody>
          {rows.map((row, key) => (
            <tr key={key}>
              {row.map(({ tokens }, column) =>
                column === 0 ? (
                  <th key={column} scope="row">
                    {inlines(tokens)}
                  </th>
                ) : (
                  <td key={column}>{inlines(tokens)}</td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
