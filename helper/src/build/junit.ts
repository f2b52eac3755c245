/**
 * JUnit files: counted, and freed of what differs from run to run. There is no standard; this is what
 * pytest, Maven and others write and Jenkins reads: `testsuite` elements with `testcase` elements,
 * which have `failure`, `error` or `skipped` elements in them.
 */

/** How many test cases there are, and how they ended. */
export interface Counts {
  tests: number;
  failures: number;
  errors: number;
  skipped: number;
}

/** Comments, sections of character data, processing instructions and tags: what a "<" can begin. */
const markup =
  /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<\?[\s\S]*?\?>|<(\/?)([A-Za-z_:][\w:.-]*)((?:"[^"]*"|'[^']*'|[^<>"'])*)>/g;

/**
 * Counts test cases; and takes times, durations and host names out, since a result in the Nix store
 * is the same each time it is made. Returns null for what is not a JUnit file.
 */
export function readJunit(text: string): { counts: Counts; steady: string } | null {
  const counts: Counts = { tests: 0, failures: 0, errors: 0, skipped: 0 };
  let root: string | null = null;
  const steady = text.replace(markup, (whole, closing?: string, name?: string, attributes?: string) => {
    if (name === undefined || closing === "/") return whole;
    root ??= name;
    if (name === "testcase") counts.tests++;
    else if (name === "failure") counts.failures++;
    else if (name === "error") counts.errors++;
    else if (name === "skipped") counts.skipped++;
    if (!/^(testsuites|testsuite|testcase)$/.test(name)) return whole;
    const kept = (attributes ?? "").replace(
      /\s(time|duration|timestamp|hostname)\s*=\s*("[^"]*"|'[^']*')/g,
      "",
    );
    return `<${name}${kept}>`;
  });
  return root === "testsuites" || root === "testsuite" ? { counts, steady } : null;
}
