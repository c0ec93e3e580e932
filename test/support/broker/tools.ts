/** Kafka's own command line tools and kcat, so that what tipstream writes and reads is checked by programs that are not tipstream. */
import { execFile, spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { kafkaClassPath } from './jars.js';

const run = promisify(execFile);

export const JAVA_TOOLS = {
  'console-producer': 'org.apache.kafka.tools.ConsoleProducer',
  'console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  'delete-records': 'org.apache.kafka.tools.DeleteRecordsCommand',
  configs: 'kafka.admin.ConfigCommand',
} as const;

/** Runs a tool to its end; answers what it printed. */
export async function javaTool(tool: keyof typeof JAVA_TOOLS, args: readonly string[], input: string | Buffer = ''): Promise<string> {
  const jars = await kafkaClassPath();
  if (!('classPath' in jars)) throw new Error(`Kafka's tools need ${jars.missing}`);
  return pipe('java', ['-XX:TieredStopAtLevel=1', '-cp', jars.classPath, JAVA_TOOLS[tool], ...args], input);
}

export function kcat(args: readonly string[], input: string | Buffer = ''): Promise<string> {
  return pipe('kcat', args, input);
}

export async function kcatInstalled(): Promise<boolean> {
  try {
    await run('kcat', ['-V']);
    return true;
  } catch {
    return false;
  }
}

export async function javaToolsInstalled(): Promise<boolean> {
  return 'classPath' in (await kafkaClassPath());
}

async function pipe(command: string, args: readonly string[], input: string | Buffer): Promise<string> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  child.stdin.on('error', () => undefined); // it ended without reading; its exit code says why
  child.stdin.end(input);
  const [output, complaints, code] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${complaints}${output}`);
  return output;
}
