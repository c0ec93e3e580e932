/** Runs kafka-streams/ProfileFold.java, the peer, from Maven's jars. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ROOT, start } from './measured-process.js';

const run = promisify(execFile);
const VERSION = '4.1.0';
const MIN_JAVA = 17;
const SOURCE = fileURLToPath(new URL('./kafka-streams/ProfileFold.java', import.meta.url));
const CACHE = join(ROOT, '.cache', `kafka-streams-${VERSION}`);
const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tipstream.bench</groupId><artifactId>kafka-streams-jars</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-streams</artifactId><version>${VERSION}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`;

export type Guarantee = 'at_least_once' | 'exactly_once_v2';

export interface StreamsRun {
  readonly events: number;
  /** To the last record folded. */
  readonly tookMs: number;
  /** To the end of close(), when all is flushed and committed. */
  readonly committedMs: number;
  readonly cpuSeconds: number;
  readonly peakRssMib: number | null;
}

export interface Peer {
  fold(brokers: string, prefix: string, events: number, guarantee: Guarantee): Promise<StreamsRun>;
  remove(): Promise<void>;
}

/** As many threads as tipstream folds with by default. */
const THREADS = 2;

/** Compiles the peer; null, after a loud warning, where Java or Maven is missing. */
export async function kafkaStreamsPeer(): Promise<Peer | null> {
  const missing = await whatIsMissing();
  if (missing !== undefined) {
    console.error(`\n!!! SKIPPING KAFKA STREAMS: ${missing}\n`);
    return null;
  }
  const folder = await mkdtemp(join(tmpdir(), 'tipstream-bench-streams-'));
  const classPath = join(CACHE, '*');
  await run('javac', ['-cp', classPath, '-d', folder, SOURCE]);
  let runs = 0;
  return {
    fold: async (brokers, prefix, events, guarantee) => {
      const application = `${prefix}streams-${++runs}`;
      const args = [
        brokers,
        application,
        join(folder, 'state'),
        `${prefix}tip.served`,
        `${prefix}tip.feedback`,
        String(events),
        guarantee,
        String(THREADS),
      ];
      const { stdout } = await start('java', ['-cp', `${folder}:${classPath}`, 'ProfileFold', ...args], {}).finished;
      const printed = JSON.parse(stdout) as Record<string, number>;
      return {
        events: printed.events!,
        tookMs: printed.took_ms!,
        committedMs: printed.committed_ms!,
        cpuSeconds: printed.cpu_seconds!,
        peakRssMib: printed.peak_rss_mib ?? null,
      };
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function whatIsMissing(): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await run('javac', ['-version']);
    const version = Number(/javac (\d+)/.exec(stdout + stderr)?.[1] ?? 0);
    if (version < MIN_JAVA) return `it needs a JDK of version ${MIN_JAVA} or newer (found ${version})`;
  } catch {
    return `it needs a JDK of version ${MIN_JAVA} or newer (found no javac)`;
  }
  if (existsSync(CACHE)) return undefined;
  try {
    await fetchJars();
  } catch (error) {
    return `it needs Maven to fetch its jars (${String(error instanceof Error ? error.message : error).split('\n')[0]})`;
  }
  return undefined;
}

/** Fetched beside the final place and renamed, so that an interrupted download is never taken for a whole one. */
async function fetchJars(): Promise<void> {
  const partial = `${CACHE}-partial-${process.pid}`;
  await mkdir(partial, { recursive: true });
  try {
    await writeFile(join(partial, 'pom.xml'), POM);
    await run('mvn', ['-q', '-B', '-f', join(partial, 'pom.xml'), 'dependency:copy-dependencies', `-DoutputDirectory=${partial}`], {
      timeout: 300_000,
    });
    await rename(partial, CACHE);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}
