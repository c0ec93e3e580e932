/** Fetches the jars of the peers in Java once, compiles them, and runs one of them from the start of its process to its end. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ROOT, start } from '../measured-process.js';

const run = promisify(execFile);
const MIN_JAVA = 17;
const HERE = fileURLToPath(new URL('.', import.meta.url));
const ENGINES = ['streams', 'flink'] as const;
const MAIN_CLASS = { streams: 'StreamsFold', flink: 'FlinkFold' } as const;
/** Flink looks into classes of the platform. */
const OPENS = ['util', 'lang', 'time', 'nio'].map((name) => `--add-opens=java.base/java.${name}=ALL-UNNAMED`);
const FETCHED_WITHIN_MS = 600_000;
export type Engine = (typeof ENGINES)[number];

/** What a peer prints at its end. */
export interface PeerRun {
  readonly events: number;
  /** To the last record folded. */
  readonly took_ms: number;
  /** To the end of its last commit. */
  readonly committed_ms: number;
  readonly cpu_seconds: number;
  readonly peak_rss_mib: number | null;
}

export interface JavaPeers {
  run(engine: Engine, jvm: readonly string[], options: Readonly<Record<string, string>>): Promise<PeerRun>;
  /** An empty folder; it is gone with the peers. */
  folder(name: string): Promise<string>;
  remove(): Promise<void>;
}

/** Throws, saying what is missing, where there is no JDK or where the jars can neither be found nor fetched. */
export async function javaPeers(): Promise<JavaPeers> {
  await needJava();
  const scratch = await mkdtemp(join(tmpdir(), 'tipstream-peers-'));
  const classPaths = {} as Record<Engine, string>;
  for (const engine of ENGINES) {
    const jars = join(await jarsOf(engine), '*');
    const classes = join(scratch, engine);
    const sources = [...(await sourcesIn('fold')), ...(await sourcesIn(engine))];
    await run('javac', ['-nowarn', '-cp', jars, '-d', classes, ...sources]);
    classPaths[engine] = `${classes}:${jars}`;
  }
  return {
    async run(engine, jvm, options) {
      const named = Object.entries(options).map(([name, value]) => `${name}=${value}`);
      const opens = engine === 'flink' ? OPENS : [];
      const { stdout } = await start('java', [...jvm, ...opens, '-cp', classPaths[engine], MAIN_CLASS[engine], ...named], {}).finished;
      return JSON.parse(stdout.trim().split('\n').at(-1)!) as PeerRun;
    },
    async folder(name) {
      const path = join(scratch, name);
      await rm(path, { recursive: true, force: true });
      await mkdir(path);
      return path;
    },
    remove: () => rm(scratch, { recursive: true, force: true }),
  };
}

async function needJava(): Promise<void> {
  let version = 0;
  try {
    const { stdout, stderr } = await run('javac', ['-version']);
    version = Number(/javac (\d+)/.exec(stdout + stderr)?.[1] ?? 0);
  } catch {
    // Said below.
  }
  if (version < MIN_JAVA) throw new Error(`the peers need a JDK of version ${MIN_JAVA} or newer (found ${version || 'no javac'})`);
}

const sourcesIn = async (folder: string): Promise<string[]> =>
  (await readdir(join(HERE, folder))).filter((name) => name.endsWith('.java')).map((name) => join(HERE, folder, name));

/** Fetched beside the final place and renamed, so that an interrupted download is never taken for a whole one. */
async function jarsOf(engine: Engine): Promise<string> {
  const jars = join(ROOT, '.cache', `peer-${engine}`);
  if (existsSync(jars)) return jars;
  const partial = `${jars}-partial-${process.pid}`;
  await mkdir(partial, { recursive: true });
  try {
    const pom = join(partial, 'pom.xml');
    await copyFile(join(HERE, engine, 'pom.xml'), pom);
    const copy = ['dependency:copy-dependencies', `-DoutputDirectory=${partial}`];
    await run('mvn', ['-q', '-B', '-f', pom, ...copy], { timeout: FETCHED_WITHIN_MS });
    await rename(partial, jars);
    return jars;
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw new Error(`Maven could not fetch the jars of the ${engine} peer`, { cause: error });
  }
}
