/** A disk that was full while a file was written came out as internal, 1, where the file was written piece by piece. */
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { outputFile } from '../../src/export/output-file.js';

const folder = mkdtempSync(join(tmpdir(), 'tipstream-output-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('is output_failed and names the file as it was named, and nothing is left', () => {
  const path = join(folder, 'report.ndjson');
  const file = outputFile(path, false);
  symlinkSync('/dev/full', file.temporary);
  expect(() => file.write('{}\n')).toThrow(
    expect.objectContaining({ code: 'output_failed', message: `cannot write ${path}: no space is left` }) as Error,
  );
  file.discard();
  expect(readdirSync(folder)).toEqual([]);
});
