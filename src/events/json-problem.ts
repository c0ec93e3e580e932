/**
 * Why a text is not JSON, in the words of JSON.parse but without any of the text: it may hold what belongs to a person, and the words end
 * up in logs, in headers of dead letters and in answers.
 */
export function jsonProblem(error: unknown): string {
  const { message } = error as Error;
  if (!(error instanceof SyntaxError)) return 'it cannot be read';
  const at = / in JSON at position \d+( \(line \d+ column \d+\))?$/.exec(message)?.[0] ?? '';
  // `Unexpected token 'h', ..."ve", "hel"... is not valid JSON` quotes what is around it.
  return QUOTING.test(message) ? `Unexpected character${at}` : message;
}

const QUOTING = /^Unexpected token|^Unexpected string|^Unexpected number|is not valid JSON$/;

/** Any text in which a message of JSON.parse may stand, without what that quotes. */
export function withoutQuotedJson(text: string): string {
  return text.includes('is not valid JSON')
    ? text.replace(/(Unexpected token [^]*?|"[^]*?) is not valid JSON/g, 'a text is not valid JSON')
    : text;
}
