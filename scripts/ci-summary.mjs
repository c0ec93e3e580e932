/** Sums up vitest's JSON report: `N passed, N failed` as the last line, exit 1 unless everything ran and passed. */
import { readFileSync } from 'node:fs';

const [file, status] = process.argv.slice(2);
let report;
try {
  report = JSON.parse(readFileSync(file, 'utf8'));
} catch {
  console.log('the tests ended without a report');
  console.log('0 passed, 1 failed');
  process.exit(1);
}
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
