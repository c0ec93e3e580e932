/** `npm run check`: types, lint, format and the quick tests at the same time; what fails is printed whole, and nothing else. */
import { spawn } from 'node:child_process';

const STEPS = {
  types: ['npm', 'run', '--silent', 'types'],
  lint: ['npm', 'run', '--silent', 'lint'],
  format: ['npm', 'run', '--silent', 'format'],
  // Each worker loads the sources anew, so there are no more of them than cores.
  tests: ['npx', 'vitest', 'run', '--project', 'unit', '--reporter=dot', '--maxWorkers=100%'],
};

const started = performance.now();
const seconds = () => `${((performance.now() - started) / 1000).toFixed(0)} s`;
const run = (name, [command, ...args]) =>
  new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => chunks.push(chunk));
    child.on('error', (error) => chunks.push(Buffer.from(`${error.message}\n`)));
    child.on('close', (code) => {
      console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} after ${seconds()}`);
      if (code !== 0) process.stdout.write(Buffer.concat(chunks));
      resolve(code === 0);
    });
  });

const results = await Promise.all(Object.entries(STEPS).map(([name, step]) => run(name, step)));
process.exit(results.every(Boolean) ? 0 : 1);
