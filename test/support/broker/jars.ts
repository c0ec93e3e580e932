/**
 * Apache Kafka's jars, from Maven, into `.cache/` once. Tests start a broker and Kafka's own command line tools from them,
 * so a machine with Java and Maven needs no Docker.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
export const KAFKA_VERSION = '4.1.0';
const MIN_JAVA = 17;
const cacheFolder = fileURLToPath(new URL(`../../../.cache/kafka-${KAFKA_VERSION}/`, import.meta.url));
const jarFolder = join(cacheFolder, 'lib');

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tipstream.test</groupId><artifactId>kafka-jars</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${KAFKA_VERSION}</version></dependency>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>${KAFKA_VERSION}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`;

/** The class path of Kafka, fetched first if need be; or why there is none. */
export async function kafkaClassPath(): Promise<{ classPath: string } | { missing: string }> {
  const java = await javaVersion();
  if (java < MIN_JAVA) return { missing: `Java ${MIN_JAVA} or newer (found ${java === 0 ? 'none' : java})` };
  if (!existsSync(jarFolder)) {
    try {
      await fetchJars();
    } catch (error) {
      return { missing: `Maven to fetch Kafka's jars (${firstLine(error)})` };
    }
  }
  return { classPath: join(jarFolder, '*') };
}

/** Fetched beside the final place and renamed, so that an interrupted download is never taken for a whole one. */
async function fetchJars(): Promise<void> {
  await mkdir(cacheFolder, { recursive: true });
  const partial = join(cacheFolder, `partial-${process.pid}`);
  await writeFile(join(cacheFolder, 'pom.xml'), pom);
  try {
    await run('mvn', ['-q', '-B', '-f', join(cacheFolder, 'pom.xml'), 'dependency:copy-dependencies', `-DoutputDirectory=${partial}`], {
      timeout: 300_000,
    });
    if ((await readdir(partial)).length === 0) throw new Error('mvn copied nothing');
    await rename(partial, jarFolder);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    if (!existsSync(jarFolder)) throw error;
  }
}

async function javaVersion(): Promise<number> {
  try {
    const { stderr } = await run('java', ['-version']);
    return Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n')[0] ?? '';
}
