/** Parquet with typed, nullable columns, a group of rows at a time. Text is UTF-8: lone surrogates become U+FFFD. */
import type { KeyValue } from 'hyparquet';
import { fileWriter, ParquetWriter, type BasicType } from 'hyparquet-writer';
import { TipstreamError } from '../errors.js';
import { jsonOf, RawJson, type Cell } from './cell.js';
import type { Column, ColumnType } from './columns.js';
import type { RowSink } from './sink.js';

/** A group is held in memory until it is written: so many rows or, where rows are long, so many characters of text. */
const GROUP_ROWS = 25_000;
const GROUP_CHARACTERS = 16 * 1024 * 1024;

const PARQUET_TYPES: Record<ColumnType, BasicType> = {
  int64: 'INT64',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  text: 'STRING',
  json: 'STRING',
};
const PHYSICAL_TYPES = { INT64: 'INT64', DOUBLE: 'DOUBLE', BOOLEAN: 'BOOLEAN' } as const;

type Value = string | number | bigint | boolean | null;

export class ParquetSink implements RowSink {
  readonly #columns: readonly Column[];
  readonly #writer: ParquetWriter;
  #group: Value[][];
  #characters = 0;

  /** Makes the file, or empties it. */
  constructor(columns: readonly Column[], path: string, keyValues: KeyValue[] = []) {
    this.#columns = columns;
    this.#group = columns.map(() => []);
    this.#writer = new ParquetWriter({
      writer: fileWriter(path),
      createdBy: 'tipstream',
      kvMetadata: keyValues,
      schema: [
        { name: 'tipstream', num_children: columns.length },
        ...columns.map(({ name, type }) => schemaElement(name, PARQUET_TYPES[type])),
      ],
    });
  }

  add(row: readonly Cell[]): Promise<void> | void {
    this.#columns.forEach((column, i) => {
      const value = valueOf(column, row[i]);
      if (typeof value === 'string') this.#characters += value.length;
      this.#group[i]!.push(value);
    });
    if (this.#group[0]!.length >= GROUP_ROWS || this.#characters >= GROUP_CHARACTERS) return this.flush();
  }

  async finish(): Promise<void> {
    await this.flush();
    await this.#writer.finish();
  }

  async flush(): Promise<void> {
    const rows = this.#group[0]!.length;
    if (rows === 0) return;
    const columnData = this.#columns.map(({ name, type }, i) => ({ name, data: this.#group[i]!, type: PARQUET_TYPES[type] }));
    await this.#writer.write({ columnData, rowGroupSize: rows });
    this.#group = this.#columns.map(() => []);
    this.#characters = 0;
  }
}

function schemaElement(name: string, type: BasicType) {
  const optional = { name, repetition_type: 'OPTIONAL' } as const;
  if (type === 'STRING') return { ...optional, type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } } as const;
  return { ...optional, type: PHYSICAL_TYPES[type as keyof typeof PHYSICAL_TYPES] };
}

function valueOf({ name, type }: Column, cell: Cell): Value {
  if (cell === null || cell === undefined) return null;
  switch (type) {
    case 'json':
      return jsonOf(cell).toWellFormed();
    case 'text':
      return String(cell).toWellFormed();
    case 'boolean':
      return cell as boolean;
    case 'int64': {
      if (typeof cell === 'number' && !Number.isInteger(cell)) {
        throw new TipstreamError('internal', `column ${name} holds ${cell}, which is not whole`, {
          hint: 'Give the feature another unit: values counted in that one are whole.',
        });
      }
      return BigInt(cell instanceof RawJson ? cell.text : (cell as number));
    }
    case 'double':
      return Number(cell instanceof RawJson ? cell.text : cell) + 0;
  }
}
