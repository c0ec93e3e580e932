import { Gauge, type Registry } from 'prom-client';

export interface GaugeShape<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly Label[];
}

/** A gauge that has just those values that `collect` sets when it is asked for. One gauge cannot set another's: both are read at once. */
export function collectedGauge<Label extends string>(
  registry: Registry,
  { name, help, labelNames = [] }: GaugeShape<Label>,
  collect: (set: (labels: Record<Label, string>, value: number) => void) => Promise<void> | void,
): void {
  new Gauge({
    name,
    help,
    labelNames,
    registers: [registry],
    async collect() {
      const values: [Record<Label, string>, number][] = [];
      await collect((labels, value) => values.push([labels, value]));
      this.reset();
      if (labelNames.length === 0) this.remove(); // or what has no value would be 0
      for (const [labels, value] of values) this.set(labels, value);
    },
  });
}
