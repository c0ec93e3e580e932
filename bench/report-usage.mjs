/** Preloaded into a measured Node process: at its end it writes what it used to the file that BENCH_USAGE_FILE names. */
import { writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const path = process.env.BENCH_USAGE_FILE;
if (isMainThread && path) {
  process.on('exit', () => {
    const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
    writeFileSync(path, JSON.stringify({ peakRssMib: maxRSS / 1024, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6 }));
  });
}
