/** The command line of `npm run bench`. */
import { parseArgs } from 'node:util';

export const PARTS = ['throughput', 'live', 'limits', 'analysts', 'policies'] as const;
export type Part = (typeof PARTS)[number];

export interface BenchOptions {
  readonly events: number;
  readonly users: number;
  readonly partitions: number;
  /** How often each contender of the throughput part runs; the best of them counts. */
  readonly rounds: number;
  /** Seconds of each measurement of the live part. */
  readonly seconds: number;
  readonly withDecisions: boolean;
  /** Of the policies part: in its log, and simulated (about). */
  readonly decisions: number;
  readonly simulatedDecisions: number;
  readonly json: boolean;
  /** In bench/results. */
  readonly save: boolean;
  readonly parts: ReadonlySet<Part>;
}

export const HELP = `Usage: npm run bench -- [options]

  --events NUMBER     served and feedback events (default 1000000)
  --users NUMBER      of how many users (default 50000)
  --partitions NUMBER (default 4)
  --rounds NUMBER     runs of each contender; the best counts (default 3)
  --seconds NUMBER    of each latency measurement (default 20)
  --decisions NUMBER  in the log of the policies part (default 80000)
  --simulated-decisions NUMBER  about so many (default 1000000)
  --with-decisions    servings name a decision, as they do when tipstream's own answers are served
  --only NAME         ${PARTS.join(', ')}; may be given more than once
  --quick             100,000 events of 5,000 users, one round, five seconds, 8,000 decisions, 100,000 simulated
  --json              print the results as JSON on stdout, the table on stderr
  --no-save           keep no copy in bench/results

Kafka is the broker that KAFKA_BROKERS names, else one started from Docker or from Maven's jars, else skipped.
`;

/** undefined: help was asked for. Throws for what cannot be understood. */
export function benchOptions(argv: readonly string[]): BenchOptions | undefined {
  const number = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...argv],
    allowPositionals: false,
    options: {
      events: number,
      users: number,
      partitions: number,
      rounds: number,
      seconds: number,
      decisions: number,
      'simulated-decisions': number,
      only: { type: 'string', multiple: true },
      'with-decisions': flag,
      quick: flag,
      json: flag,
      'no-save': flag,
      help: { ...flag, short: 'h' },
    },
  });
  if (values.help) return undefined;
  const whole = (name: 'events' | 'users' | 'partitions' | 'rounds' | 'seconds' | 'decisions' | 'simulated-decisions', usual: number) =>
    wholeNumber(name, values[name], usual);
  const { quick } = values;
  return {
    events: whole('events', quick ? 100_000 : 1_000_000),
    users: whole('users', quick ? 5_000 : 50_000),
    partitions: whole('partitions', 4),
    rounds: whole('rounds', quick ? 1 : 3),
    seconds: whole('seconds', quick ? 5 : 20),
    decisions: whole('decisions', quick ? 8_000 : 80_000),
    simulatedDecisions: whole('simulated-decisions', quick ? 100_000 : 1_000_000),
    withDecisions: values['with-decisions'],
    json: values.json,
    save: !values['no-save'],
    parts: new Set(values.only === undefined ? PARTS : values.only.map(part)),
  };
}

/** `given`: the text of the option, if there is one. */
export function wholeNumber(name: string, given: string | undefined, usual: number): number {
  if (given === undefined) return usual;
  if (!/^[1-9]\d{0,8}$/.test(given)) throw new Error(`--${name} must be a whole number above 0, not ${JSON.stringify(given)}`);
  return Number(given);
}

function part(name: string): Part {
  const known = PARTS.find((each) => each === name);
  if (known === undefined) throw new Error(`--only takes ${PARTS.join(', ')}; not ${JSON.stringify(name)}`);
  return known;
}
