/** One JSON object a line. A column that a row does not have is left out. */
import { jsonOf, type Cell } from './cell.js';
import type { Column } from './columns.js';
import { TextSink, type WriteText } from './sink.js';

export function ndjsonSink(columns: readonly Column[], write: WriteText): TextSink {
  const names = columns.map(({ name }) => JSON.stringify(name));
  return new TextSink('', (row) => `{${members(names, row)}}\n`, write);
}

function members(names: readonly string[], row: readonly Cell[]): string {
  let text = '';
  for (let i = 0; i < row.length; i++) {
    const cell = row[i];
    if (cell !== undefined) text += `${text === '' ? '' : ','}${names[i]!}:${jsonOf(cell)}`;
  }
  return text;
}
