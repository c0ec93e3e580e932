/** The tables in the docs name everything that the code's closed lists hold, and nothing else. */
import { expect, it } from 'vitest';
import { EXIT, exitCodeOf } from '../../../src/cli/failure.js';
import { ERROR_KINDS, type ErrorCode } from '../../../src/errors.js';
import { REJECTION_CODES } from '../../../src/events/rejection.js';
import { coreRegistry, registryOf } from '../../../src/projections/registry.js';
import { publicTables } from '../../../src/store/snapshot/public-tables.js';
import { FEATURE_SETS } from '../../../src/topics.js';
import { metricsDeps } from '../../support/exposition.js';
import { readPage } from './markdown.js';

/** The cells of one column of the tables under a heading. */
function column(page: string, heading: string, index: number): string[] {
  const section = readPage(page)
    .split(/^#+ /m)
    .find((part) => part.startsWith(`${heading}\n`));
  const rows = (section ?? '').split('\n').filter((line) => line.startsWith('| ') && !/^\|[-|]+$/.test(line));
  return rows.slice(1).map((row) => row.split('|')[index + 1]!.trim());
}

it('every error code is explained', () => {
  expect(column('docs/operating.md', 'Errors', 0).sort()).toEqual(Object.keys(ERROR_KINDS).sort());
});

it('every exit code is explained, with the codes of errors that have it', () => {
  const rows = column('docs/operating.md', 'Exit codes', 0).map((exit, row) => {
    const when = column('docs/operating.md', 'Exit codes', 1)[row]!;
    return [Number(exit), [...when.matchAll(/`([a-z]+(?:_[a-z]+)+)`/g)].map(([, code]) => code!)] as const;
  });
  expect(rows.map(([exit]) => exit)).toEqual(Object.values(EXIT).sort((a, b) => a - b));
  const others = (Object.keys(ERROR_KINDS) as ErrorCode[]).filter((code) => exitCodeOf(code) !== EXIT.error);
  expect(rows.flatMap(([exit, codes]) => codes.map((code) => [code, exit])).sort()).toEqual(
    others.map((code) => [code, exitCodeOf(code)]).sort(),
  );
});

it('every rejection code is explained', () => {
  expect(column('docs/semantics.md', 'Dead letters', 1).sort()).toEqual([...REJECTION_CODES].sort());
});

it('every feature is defined', () => {
  const named = ['The features', 'Sessions and signals'].flatMap((heading) => column('docs/semantics.md', heading, 0));
  expect(named.sort()).toEqual([...registryOf({ sets: FEATURE_SETS }).names].sort());
});

it.each(Object.values(publicTables(coreRegistry)))('every column of $name is explained, in its order', ({ name, columns }) => {
  expect(column('docs/analysts.md', name, 0)).toEqual(columns.map(([one]) => one));
});

it('every metric is explained', async () => {
  const { ServiceMetrics } = await import('../../../src/service/metrics/service-metrics.js');
  const exposition = await new ServiceMetrics(metricsDeps()).exposition();
  const exposed = [...exposition.matchAll(/^# TYPE (tipstream_\w+) /gm)].map((match) => match[1]!);
  const explained = ['Metrics', 'Watching policies', 'Watching the gateway'].flatMap((heading) => column('docs/operating.md', heading, 0));
  expect(explained.flatMap((cell) => cell.match(/tipstream_\w+/g) ?? []).sort()).toEqual(exposed.sort());
});

it('what the page quotes of a swap is what the service writes', () => {
  const service = readPage('src/service/rebuild/generation-swap.ts');
  const reasons = column('docs/operating.md', 'While a rebuild swaps', 0).filter((reason) => reason !== 'another feature set');
  expect(reasons).toHaveLength(4);
  const lines = [...readPage('docs/operating.md').matchAll(/log line `([a-z ]+) gen-|begins with `([a-z ]+)`/g)].map(
    ([, done, refused]) => done ?? refused!,
  );
  expect(lines).toHaveLength(2);
  for (const text of [...reasons, ...lines]) expect(service).toContain(text.replace(/ \d+ s$/, ''));
});
