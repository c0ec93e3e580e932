/** What the service says, with its commands set apart, so that they can be copied as they are. */
import { Fragment } from 'preact';
import { piecesOf } from '../format/prose.js';

export function Prose({ text }: { readonly text: string }) {
  return (
    <>
      {piecesOf(text).map((piece, at) => (
        <Fragment key={at}>{piece.isCode ? <code>{piece.text}</code> : piece.text}</Fragment>
      ))}
    </>
  );
}
