import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { readPage, ROOT } from './markdown.js';

const COMPOSE_COMMANDS = [['docker', 'compose'], ['docker-compose']] as const;

function run([command, ...words]: readonly string[], args: readonly string[]) {
  return spawnSync(command!, [...words, ...args], { cwd: ROOT, encoding: 'utf8', timeout: 20_000 });
}

const compose = COMPOSE_COMMANDS.find((command) => run(command, ['version']).status === 0);

describe('docker-compose.yml', () => {
  const text = readPage('docker-compose.yml');

  it.skipIf(compose === undefined)('is accepted by docker compose config', () => {
    const { status, stdout, stderr } = run(compose!, ['-f', 'docker-compose.yml', 'config']);
    expect(stderr).not.toMatch(/error|invalid/i);
    expect(status).toBe(0);
    for (const service of ['kafka', 'topics', 'tipstream']) expect(stdout).toMatch(new RegExp(`^  ${service}:$`, 'm'));
  });

  it('publishes ports to this machine only', () => {
    const ports = [...text.matchAll(/^ {6}- "([^"]*:\d+)"$/gm)].map((match) => match[1]!);
    expect(ports).toHaveLength(2);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it('asks HTTP callers for a token, since the container listens on all its addresses', () => {
    expect(text).toMatch(/TIPSTREAM_HTTP: 0\.0\.0\.0:/);
    expect(text).toMatch(/TIPSTREAM_HTTP_TOKEN: \$\{TIPSTREAM_HTTP_TOKEN:-\S+\}/);
  });

  it('runs Kafka 4, pinned', () => {
    expect(text).toMatch(/image: apache\/kafka:4\.\d+\.\d+@sha256:[0-9a-f]{64}$/m);
  });

  const services = new Map(
    [.../^services:\n([\s\S]*?)^\S/m.exec(text)![1]!.matchAll(/^ {2}(\w+):\n((?:(?: {4}.*)?\n)+)/gm)].map((match) => [
      match[1]!,
      match[2]!,
    ]),
  );

  it('gives no container rights that it does not need', () => {
    expect([...services.keys()]).toEqual(['kafka', 'topics', 'tipstream']);
    expect(text).toMatch(/&unprivileged\n {2}cap_drop: \[ALL\]\n {2}security_opt: \["no-new-privileges:true"\]\n/);
    for (const [name, settings] of services) expect([name, settings]).toEqual([name, expect.stringContaining('<<: *unprivileged\n')]);
  });

  it('lets ours write to its volume and to /tmp alone', () => {
    for (const name of ['topics', 'tipstream']) expect(services.get(name)).toContain('read_only: true\n');
    expect(services.get('tipstream')).toContain('tmpfs: [/tmp]\n');
  });
});

describe('Dockerfile', () => {
  it('ends as an unprivileged user', () => {
    const users = [...readPage('Dockerfile').matchAll(/^USER (\S+)$/gm)].map((match) => match[1]!);
    expect(users).toEqual(['node']);
  });

  it('pins its base images', () => {
    const images = [...readPage('Dockerfile').matchAll(/^FROM (\S+)/gm)].map((match) => match[1]!);
    expect(images).toHaveLength(2);
    for (const image of images) expect(image).toMatch(/^node:22\.\d+\.\d+-bookworm(-slim)?@sha256:[0-9a-f]{64}$/);
    expect(new Set(images.map((image) => /:([\d.]+)-/.exec(image)![1])).size).toBe(1);
  });
});
