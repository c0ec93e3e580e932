/** Who folds the same events, how each is set up, and what each does less or more than tipstream. */
import { catchUp } from '../catch-up.js';
import { kafkajsBaseline } from '../kafkajs-baseline.js';
import type { Place } from '../places.js';
import type { Engine, JavaPeers } from './java.js';

export interface Turn {
  readonly events: number;
  /** From the group joined or the first record, whichever is earlier, to the last commit; of kafkajs to the last record parsed. */
  readonly tookMs: number;
  /** Of the whole process, all its threads. */
  readonly cpuSeconds: number;
  readonly peakRssMib: number | null;
}

export interface Track {
  readonly kafka: Place;
  readonly embedded: Place;
  /** Only where one of the contenders is a peer in Java. */
  readonly java: JavaPeers | undefined;
}

export interface Contender {
  readonly name: string;
  /** In the table of the documentation, what it does less or more. */
  readonly does: string;
  /** Of a peer in Java. */
  readonly engine?: Engine;
  run(track: Track, answers?: Answers): Promise<Turn>;
}

/** To have a peer say what its answers are made of, in a run that nobody measures. */
export interface Answers {
  readonly asOfMs: number;
  readonly file: string;
}

const LARGE_HEAP = ['-Xms2g', '-Xmx2g', '-XX:+UseParallelGC'];
const SMALL_HEAP = ['-Xmx320m', '-XX:+UseSerialGC'];
/** The best that were found: a record is folded as it comes, and the changelog is sent soon. */
const STREAMS = { layout: 'one', poll: '1000', buffered: '1000', linger: '5' };
const SMALL_STORES = { 'cache-mb': '48', 'block-cache-mb': '32', 'memtable-mb': '8' };
const ANSWERS_WHEN_ASKED = 'validates nothing; one value a user, no sums: answers are computed from it';

export const CONTENDERS: readonly Contender[] = [
  {
    name: 'kafkajs',
    does: 'consumes and JSON.parse reads each value; nothing else',
    run: ({ kafka }) => baseline(kafka),
  },
  {
    name: 'tipstream-kafka',
    does: 'validates, folds tips and sums, commits both with the offsets to SQLite, once',
    run: ({ kafka }) => fold(kafka),
  },
  { name: 'tipstream-embedded', does: 'the same from the embedded log', run: ({ embedded }) => fold(embedded) },
  java('streams-1s', 'streams', `at least once, commits each second; ${ANSWERS_WHEN_ASKED}`, LARGE_HEAP, {
    ...STREAMS,
    'commit-ms': '1000',
  }),
  java('streams-1s-exactly-once', 'streams', 'the same, exactly once', LARGE_HEAP, {
    ...STREAMS,
    'commit-ms': '1000',
    guarantee: 'exactly_once_v2',
  }),
  java('streams-30s', 'streams', 'at least once, commits every 30 seconds; as above', LARGE_HEAP, { ...STREAMS, 'commit-ms': '30000' }),
  java('streams-320-mib', 'streams', 'the same with 320 MiB of heap and small stores', SMALL_HEAP, {
    ...STREAMS,
    ...SMALL_STORES,
    'commit-ms': '30000',
  }),
  java(
    'streams-two-stores',
    'streams',
    'at least once, commits each second; a store of tips and one of sums, as tipstream has',
    LARGE_HEAP,
    {
      ...STREAMS,
      layout: 'two',
      'commit-ms': '1000',
    },
  ),
  java('flink-rocksdb', 'flink', `RocksDB, exactly once, a checkpoint every 10 seconds; ${ANSWERS_WHEN_ASKED}`, LARGE_HEAP, {
    layout: 'one',
  }),
  java('flink-rocksdb-map', 'flink', 'the same with map state of tips and a value of sums', LARGE_HEAP, { layout: 'two' }),
  java('flink-heap', 'flink', 'state on the heap, where it must fit; else as flink-rocksdb', LARGE_HEAP, {
    layout: 'one',
    backend: 'hashmap',
  }),
];

async function baseline({ brokers, prefix, loaded }: Place): Promise<Turn> {
  // At its fastest, which a larger young generation makes it.
  return kafkajsBaseline(brokers!, [`${prefix}tip.served`, `${prefix}tip.feedback`], loaded.events, ['--max-semi-space-size=64']);
}

async function fold(place: Place): Promise<Turn> {
  const { events, catchUpMs, cpuSeconds, peakRssMib } = await catchUp({ args: await place.fresh() });
  return { events, tookMs: catchUpMs, cpuSeconds, peakRssMib };
}

let runs = 0;

function java(name: string, engine: Engine, does: string, jvm: readonly string[], settings: Readonly<Record<string, string>>): Contender {
  return {
    name,
    does,
    engine,
    async run({ kafka: { brokers, prefix, loaded }, java: peers }, answers) {
      if (peers === undefined) throw new Error(`${name} needs its jars`);
      const folder = await peers.folder('state');
      const places = engine === 'streams' ? { state: folder } : { checkpoints: `file://${folder}`, tmp: await peers.folder('temporary') };
      const found = await peers.run(engine, jvm, {
        brokers: brokers!,
        prefix,
        events: String(loaded.events),
        app: `${prefix}${name}-${process.pid}-${++runs}`,
        ...places,
        ...settings,
        ...(answers === undefined ? {} : { 'as-of': String(answers.asOfMs), dump: answers.file }),
      });
      return { events: found.events, tookMs: found.committed_ms, cpuSeconds: found.cpu_seconds, peakRssMib: found.peak_rss_mib };
    },
  };
}
