/** fetchPypi against the index that this machine is set to use. */
import { nixBuild } from "./support/nix.ts";

const right = "sha256-Q8GjwYqJ6B6Qxq3uVjWeRIGk2sSCUOtoj1dXaAh9tDM=";

async function failure(expression: string): Promise<string> {
  const { status, stderr } = await nixBuild(expression);
  expect(status).not.toBe(0);
  return stderr;
}

test("a wrong hash shows both hashes", async () => {
  const message = await failure(`fetchPypi {
    pname = "six"; version = "1.16.0"; hash = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  }`);
  expect(message).toContain("sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
  expect(message).toMatch(/got: +sha256-HmHLNhTSPd5+DCg6\/IoyJTmcoNlKxr1HJsf\/RQ6d\+SY=|got: +sha256-\S{44}/);
});

test("an unknown version lists those that exist", async () => {
  const message = await failure(`fetchPypi { pname = "six"; version = "99.0"; hash = "${right}"; }`);
  expect(message).toContain("six 99.0 is not on the index");
  expect(message).toContain("1.16.0");
});

test("an unknown project", async () => {
  const name = "nix-voyager-no-such-project-anywhere";
  const message = await failure(`fetchPypi { pname = "${name}"; version = "1"; hash = "${right}"; }`);
  expect(message).toContain(`the index has no project '${name}'`);
});

test("an index that does not answer", async () => {
  const message = await failure(`fetchPypi {
    pname = "six"; version = "1.16.0"; hash = "${right}"; index = "http://127.0.0.1:9/simple/";
  }`);
  expect(message).toContain("nix-voyager:");
  expect(message).toMatch(/index/);
});
