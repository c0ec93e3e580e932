/** Sentences of the service in which a command stands between backticks. */

export interface Piece {
  readonly text: string;
  readonly isCode: boolean;
}

/** A backtick without a partner is a character like any other. */
export function piecesOf(text: string): readonly Piece[] {
  return text
    .split(/(`[^`]+`)/)
    .filter((piece) => piece !== '')
    .map((piece) => (/^`.+`$/s.test(piece) ? { text: piece.slice(1, -1), isCode: true } : { text: piece, isCode: false }));
}
