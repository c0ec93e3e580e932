import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decisionFileLines } from '../../../src/cli/evaluation/decision-file.js';

/** In pieces of so many bytes. */
async function linesOf(content: string | Buffer, pieceBytes = 7): Promise<string[]> {
  const bytes = Buffer.from(content as string);
  const pieces = Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_, i) =>
    bytes.subarray(i * pieceBytes, (i + 1) * pieceBytes),
  );
  const lines: string[] = [];
  for await (const line of decisionFileLines(Readable.from(pieces), 'f')) lines.push(Buffer.from(line).toString());
  return lines;
}
const ROWS = [
  {
    decision_id: '007',
    reward: 1,
    logged_propensity: 0.5,
    new_propensity: 0.8,
    segments: { persona: 'heavy' },
    expected: { served: 0.25 },
  },
  { decision_id: 'b, "quoted"', logged_propensity: 1e-3, new_propensity: 0 },
];
const NDJSON = ROWS.map((row) => `${JSON.stringify(row)}\n`).join('');
const CSV =
  'decision_id,reward,logged_propensity,new_propensity,segments.persona,expected.served\r\n' +
  '007,1,0.5,0.8,heavy,0.25\r\n"b, ""quoted""",,1e-3,0,,\r\n';

describe('a file of decisions', () => {
  it.each<[string, string | Buffer, number]>([
    ['NDJSON', NDJSON, 0],
    ['NDJSON, compressed', gzipSync(NDJSON), 0],
    ['CSV', CSV, 1],
    ['CSV with a byte order mark', `\ufeff${CSV}`, 1],
    ['CSV, compressed', gzipSync(CSV), 1],
    ['CSV, compressed in two parts', Buffer.concat([gzipSync(CSV.slice(0, 50)), gzipSync(CSV.slice(50))]), 1],
  ])('%s', async (_, content, headers) => {
    for (const pieceBytes of [1, 7, 100_000]) {
      const lines = await linesOf(content, pieceBytes);
      expect(lines.slice(0, headers)).toEqual(Array.from({ length: headers }, () => ''));
      expect(lines.slice(headers).map((line) => JSON.parse(line) as unknown)).toEqual(ROWS);
    }
  });

  it('has candidates as JSON in a cell of CSV, and keeps the numbers of lines', async () => {
    const candidates = [{ tip_id: 'a' }];
    const cell = `"${JSON.stringify(candidates).replaceAll('"', '""')}"`;
    const lines = await linesOf(`decision_id,candidates,chosen_tip_id\n\n"two\nlines",${cell},1\nz,${cell},[\n`);
    expect(lines.map((line) => (line === '' ? null : (JSON.parse(line) as unknown)))).toEqual([
      null,
      null,
      { decision_id: 'two\nlines', candidates, chosen_tip_id: '1' },
      null,
      { decision_id: 'z', candidates, chosen_tip_id: '[' },
    ]);
  });

  it('leaves a number that is none as it is, for whoever checks the line', async () => {
    const [, line] = await linesOf('decision_id,reward\nd,often\n');
    expect(JSON.parse(line!)).toEqual({ decision_id: 'd', reward: 'often' });
  });

  it.each<[string, string | Buffer, RegExp]>([
    ['half a gzip', gzipSync(NDJSON).subarray(0, 60), /^f is no whole gzip file: unexpected end of file$/],
    ['no gzip after its first bytes', Buffer.from([0x1f, 0x8b, 1, 2, 3]), /^f is no whole gzip file: /],
    ['more fields than columns', 'decision_id,reward\nd,1,2\n', /^f line 2 has 3 fields where the header has 2$/],
    ['a quote that is never closed', 'decision_id,reward\n"d,1\n', /^f line 2 has a quote that is never closed$/],
    ['candidates that are no JSON', 'decision_id,candidates\nd,[\n', /^f line 2 has a field that should be JSON and is none$/],
  ])('%s is refused', async (_, content, message) => {
    await expect(linesOf(content)).rejects.toMatchObject({ code: 'invalid_argument', message: expect.stringMatching(message) as string });
  });

  it('without a column decision_id is taken for NDJSON, so its first line is named', async () => {
    expect(await linesOf('id,reward\n')).toEqual(['id,reward']);
    expect(await linesOf('')).toEqual([]);
  });
});
