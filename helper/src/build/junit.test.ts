import { readJunit } from "./junit.ts";

const junit = `<?xml version="1.0"?>
<!-- <testcase time="1"/> is no test here -->
<testsuites time="9">
 <testsuite name="a > b" tests="3" time="0.031" timestamp="2026-01-01T00:00:00" hostname='here'>
  <testcase classname="x" name="time=&quot;1&quot;" time="0.001"/>
  <testcase name="bad" time="2"><failure message='it is > 3'>x</failure></testcase>
  <testcase name="left" runtime="3"><skipped/></testcase>
  <system-out><![CDATA[<testcase time="5"> <failure/> took time="5"]]></system-out>
  <property name="timestamp" value="kept" time="kept"/>
 </testsuite>
</testsuites>
`;

test("counts cases, not what is said in comments and character data", () => {
  expect(readJunit(junit)?.counts).toEqual({ tests: 3, failures: 1, errors: 0, skipped: 1 });
});

test("times and host names of suites and cases are left out, everything else stays", () => {
  const expected = junit
    .replace('<testsuites time="9">', "<testsuites>")
    .replace(` time="0.031" timestamp="2026-01-01T00:00:00" hostname='here'`, "")
    .replace(' time="0.001"', "")
    .replace('"bad" time="2"', '"bad"');
  expect(readJunit(junit)?.steady).toBe(expected);
});

test.each(["", "not XML", "<html></html>", "<testcase/>"])("%j is not JUnit", (text) => {
  expect(readJunit(text)).toBeNull();
});

test("a file that is all openings takes no longer than it is long", () => {
  const start = performance.now();
  expect(readJunit(`<testsuite>${"<a \"' ".repeat(20_000)}${"<![CDATA[".repeat(2_000)}`)).not.toBeNull();
  expect(performance.now() - start).toBeLessThan(2000);
});
