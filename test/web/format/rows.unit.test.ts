/** Rows behind a feature, in words. */
import { expect, it } from 'vitest';
import { columnsText, rowText } from '../../../src/web/format/rows.js';

const session = { table: 'session', row: { session_id: 's-1001', started_at_ms: 5, utc_offset_min: null, ended_at_ms: 7 } };

it('names a row by its table and first column, and says what its others hold', () => {
  expect(rowText(session)).toBe('session s-1001');
  expect(columnsText(session)).toBe('started_at_ms 5, ended_at_ms 7');
  expect([rowText({ table: 'signal', row: {} }), columnsText({ row: { source: 'mail' } })]).toEqual(['signal ', '']);
});
