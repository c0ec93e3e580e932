/**
 * Sums up vitest's JSON report: the files that took longest, what was skipped, and as the last line `N passed, N failed`. Exit 1 unless
 * everything ran and passed.
 */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

const [file, status] = process.argv.slice(2);
let report;
try {
  report = JSON.parse(readFileSync(file, 'utf8'));
} catch {
  console.log('the tests ended without a report');
  console.log('0 passed, 1 failed');
  process.exit(1);
}
const SLOWEST = 12;
const seconds = ({ startTime, endTime }) => (endTime - startTime) / 1_000;
console.log('The files that took longest, in seconds:');
for (const suite of [...report.testResults].sort((a, b) => seconds(b) - seconds(a)).slice(0, SLOWEST))
  console.log(`${seconds(suite).toFixed(0).padStart(5)}  ${relative(process.cwd(), suite.name)}`);
const tests = report.testResults.flatMap((suite) => suite.assertionResults.map((test) => ({ ...test, file: suite.name })));
const skipped = tests.filter(({ status: outcome }) => outcome !== 'passed' && outcome !== 'failed');
for (const { fullName } of skipped) console.log(`skipped where nothing may be: ${fullName}`);
const passed = tests.filter(({ status: outcome }) => outcome === 'passed').length;
const brokenSuites = report.testResults.filter(
  (suite) => suite.status === 'failed' && suite.assertionResults.every(({ status: outcome }) => outcome !== 'failed'),
).length;
let failed = tests.filter(({ status: outcome }) => outcome === 'failed').length + skipped.length + brokenSuites;
if (failed === 0 && (status !== '0' || passed === 0)) failed = 1; // an error outside any test
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
