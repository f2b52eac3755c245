// count-jest.mjs REPORT COUNTS STATUS: turns jest's JSON report into the line "passed failed". A
// file of tests that could not be run counts as one failed test, and so does a jest that failed
// (exit status STATUS) without saying what of.
import { existsSync, readFileSync, writeFileSync } from "node:fs";

const [report, counts, status] = process.argv.slice(2);
const result = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : {};
const passed = result.numPassedTests ?? 0;
const failed = (result.numFailedTests ?? 0) + (result.numRuntimeErrorTestSuites ?? 0);
writeFileSync(counts, `${passed} ${failed === 0 && status !== "0" ? 1 : failed}\n`);
