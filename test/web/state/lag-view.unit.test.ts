import { describe, expect, it } from 'vitest';
import { LAG_STATUSES } from '../../../src/log/lag.js';
import { shownRows, sumOf, urgencyOf } from '../../../src/web/state/lag-view.js';
import { LAG } from '../../support/fake-application.js';

describe('rows of lag', () => {
  it('stand worst first, in the order of the service', () => {
    expect([...LAG_STATUSES].sort((a, b) => urgencyOf(a) - urgencyOf(b))).toEqual(LAG_STATUSES);
    const rows = LAG_STATUSES.toReversed().map((status, index) => ({ ...LAG[index]!, status }));
    expect(shownRows(rows, {}).map(({ status }) => status)).toEqual(LAG_STATUSES);
    expect(shownRows(LAG, {})).toEqual(LAG);
  });

  it('are those that the address asks for', () => {
    expect(shownRows(LAG, { topic: 'scored', partition: '2' }).map((row) => `${row.topic} ${row.partition}`)).toEqual([
      'tip.scored 2',
      'tip.scored.shadow 2',
    ]);
    expect(shownRows(LAG, { status: 'stop' })).toEqual([]);
    expect(shownRows(LAG, { topic: '', partition: '', status: '' })).toHaveLength(LAG.length);
  });

  it('have a sum that says what is not known', () => {
    const [a, b] = [LAG[0]!, LAG[1]!];
    expect(sumOf([{ ...a, lag_records: 2, lag_seconds: 3, applied_offset: 5, status: 'warn' }, b])).toEqual({
      rows: 2,
      records: 2,
      seconds: 3,
      isApplied: false,
      statuses: [
        ['warn', 1],
        ['ok', 1],
      ],
    });
    expect(sumOf([{ ...a, lag_seconds: null }, b])).toMatchObject({ seconds: null, isApplied: true });
  });
});
