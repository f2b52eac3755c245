// A reporter for jest: writes the line "passed failed" to the file that VOYAGER_TEST_COUNTS names. A
// file of tests that could not be run counts as one failed test. In place of jest's own --json, which
// writes nothing where a test failed with an error that refers to itself, as Node's own do.
import { writeFileSync } from "node:fs";

export default class CountReporter {
  /** Called by jest when all tests have been run. */
  onRunComplete(_contexts, result) {
    const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
    writeFileSync(process.env.VOYAGER_TEST_COUNTS, `${result.numPassedTests} ${failed}\n`);
  }
}
