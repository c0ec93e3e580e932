/** CSV as RFC 4180 writes it, in bytes of any pieces: records of fields, with the line each began on. */

export interface CsvRecord {
  readonly line: number;
  /** null: nothing between the commas. `""` is the empty text. */
  readonly fields: readonly (string | null)[];
}

/** Stops the reading: where a quote is astray, what follows could be anything. */
export class CsvError extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

const MAX_RECORD_CHARACTERS = 8 * 1024 * 1024;

type State = 'field starts' | 'plain' | 'quoted' | 'quote ended';

/** Lines end in LF or CR LF; blank lines are no records. Throws CsvError. */
export async function* csvRecords(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<CsvRecord> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let state: State = 'field starts';
  let fields: (string | null)[] = [];
  let field = '';
  let characters = 0;
  let line = 1;
  let firstLine = 1;

  const endField = (): void => {
    fields.push(state === 'field starts' ? null : field);
    field = '';
    state = 'field starts';
  };
  /** undefined for a blank line. */
  const endRecord = (): CsvRecord | undefined => {
    if (state === 'plain' && field.endsWith('\r')) field = field.slice(0, -1);
    if (state === 'plain' && field === '') state = 'field starts';
    endField();
    const record = { line: firstLine, fields };
    fields = [];
    characters = 0;
    return record.fields.length === 1 && record.fields[0] === null ? undefined : record;
  };
  const step = (character: string): void => {
    if (++characters > MAX_RECORD_CHARACTERS) throw new CsvError(firstLine, `is longer than ${MAX_RECORD_CHARACTERS} characters`);
    if (state === 'quoted') {
      if (character === '"') state = 'quote ended';
      else field += character;
    } else if (character === ',') endField();
    else if (character === '"') {
      if (state === 'plain') throw new CsvError(line, 'has a quote inside a field that does not begin with one');
      if (state === 'quote ended') field += '"';
      state = 'quoted';
    } else if (state !== 'quote ended') {
      field += character;
      state = 'plain';
    } else if (character !== '\r') throw new CsvError(line, 'has text after the closing quote of a field');
  };
  const decode = (piece?: Uint8Array): string => {
    try {
      return piece === undefined ? decoder.decode() : decoder.decode(piece, { stream: true });
    } catch {
      throw new CsvError(line, 'or one of those after it is not well-formed UTF-8');
    }
  };

  for await (const piece of pieces) {
    const text = decode(piece);
    for (let at = 0; at < text.length; at++) {
      if (characters === 0 && (state as State) === 'field starts') {
        const end = text.indexOf('\n', at);
        const record = end === -1 || end - at > MAX_RECORD_CHARACTERS ? undefined : unquoted(text.slice(at, end), line);
        if (record !== undefined) {
          firstLine = ++line;
          at = end;
          if (record !== 'blank') yield record;
          continue;
        }
      }
      const character = text[at]!;
      if (character !== '\n' || (state as State) === 'quoted') {
        step(character);
        if (character === '\n') line++;
        continue;
      }
      const record = endRecord();
      line++;
      firstLine = line;
      if (record !== undefined) yield record;
    }
  }
  decode();
  if ((state as State) === 'quoted') throw new CsvError(firstLine, 'has a quote that is never closed');
  const last = endRecord();
  if (last !== undefined) yield last;
}

/** A whole line at once, as most are; undefined: it has quotes, and may go on in the next one. */
function unquoted(text: string, line: number): CsvRecord | 'blank' | undefined {
  if (text.includes('"')) return undefined;
  const fields: (string | null)[] = (text.endsWith('\r') ? text.slice(0, -1) : text).split(',');
  for (let i = 0; i < fields.length; i++) if (fields[i] === '') fields[i] = null;
  return fields.length === 1 && fields[0] === null ? 'blank' : { line, fields };
}
