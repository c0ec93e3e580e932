/** Rates and lag of the last hour, as this tab has seen them. */
import { useMemo } from 'preact/hooks';
import { count, perSecond } from '../format/numbers.js';
import { durationText } from '../format/times.js';
import type { ApiError } from '../state/api-error.js';
import { withGaps, type Sample } from '../state/samples.js';
import { LineChart, type Line } from './line-chart.js';
import { Card, Problem, Time, useZone } from './small.js';

export interface HourOfLagProps {
  readonly samples: readonly Sample[];
  /** Why the newest question about lag has no answer. */
  readonly problem: ApiError | undefined;
}

export function HourOfLag({ samples, problem }: HourOfLagProps) {
  const isUtc = useZone() === 'utc';
  const drawn = useMemo(() => {
    const points = withGaps(samples);
    const valuesOf = (name: 'written' | 'applied' | 'lagRecords') => points.map((point) => ('written' in point ? point[name] : null));
    return {
      timesMs: points.map(({ atMs }) => atMs),
      rates: [
        { label: 'written', colour: '--accent', values: valuesOf('written') },
        { label: 'applied', colour: '--good', values: valuesOf('applied') },
      ] satisfies Line[],
      lag: [{ label: 'lag', colour: '--wait', values: valuesOf('lagRecords') }] satisfies Line[],
    };
  }, [samples]);
  const last = samples.at(-1);
  return (
    <>
      {problem === undefined || problem.code === 'unreachable' ? null : <Problem error={problem} />}
      {last === undefined ? null : (
        <div class="pair">
          <Card title="Records a second">
            <LineChart
              timesMs={drawn.timesMs}
              lines={drawn.rates}
              caption={`${perSecond(last.written)} a second written, ${perSecond(last.applied)} applied`}
              isUtc={isUtc}
            />
          </Card>
          <Card title="Lag">
            <LineChart timesMs={drawn.timesMs} lines={drawn.lag} caption={lagText(last)} isUtc={isUtc} />
          </Card>
          <p class="hint whole">
            Over all topics, the last hour at most. This tab keeps it, since <Time ms={samples[0]!.atMs} />; the service keeps a minute, and
            Prometheus what GET /metrics gives it.
          </p>
        </div>
      )}
    </>
  );
}

function lagText({ lagRecords, lagSeconds }: Sample): string {
  if (lagRecords === 0) return 'No record waits.';
  const age = lagSeconds === null ? 'of unknown age' : `${durationText(lagSeconds * 1_000)} old`;
  return `${count(lagRecords)} ${lagRecords === 1 ? 'record waits' : 'records wait'}, ${lagRecords === 1 ? '' : 'the oldest '}${age}`;
}
