/** Bars of today with a line for the baseline over each. What it shows is in its label and in a table too. */
import type { DrawnBin } from '../format/distribution.js';

const HEIGHT = 100;
/** Of a bin's place, in units of the picture. */
const [PLACE, BAR] = [10, 8];

export function Histogram({ bins, label }: { readonly bins: readonly DrawnBin[]; readonly label: string }) {
  const most = Math.max(...bins.flatMap(({ share, before }) => [share, before ?? 0]), Number.MIN_VALUE);
  const top = (share: number): number => HEIGHT - (share / most) * (HEIGHT - 4);
  const width = Math.max(1, bins.length) * PLACE;
  return (
    <svg viewBox={`0 0 ${width} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      {bins.map(({ name, kind, share, before }, at) => {
        const x = at * PLACE + (PLACE - BAR) / 2;
        return (
          <g key={name}>
            <rect class={kind === 'value' ? 'bar' : 'bar none'} x={x} y={top(share)} width={BAR} height={HEIGHT - top(share)} />
            {before === null ? null : <line class="before" x1={x} x2={x + BAR} y1={top(before)} y2={top(before)} />}
          </g>
        );
      })}
      <line class="ground" x1={0} x2={width} y1={HEIGHT} y2={HEIGHT} />
    </svg>
  );
}
