import { complaintsOf } from "./gather.ts";

test("paths count as intact only when Nix ends well", () => {
  const paths = ["/nix/store/a", "/nix/store/b"];
  expect(complaintsOf({ status: 0, stdout: "", stderr: "warning: x\n" }, paths)).toEqual([]);
  expect(
    complaintsOf({ status: 1, stdout: "", stderr: "path '/nix/store/a' was modified\n" }, paths),
  ).toEqual(["path '/nix/store/a' was modified"]);
  expect(complaintsOf({ status: 137, stdout: "", stderr: "" }, paths)).toEqual([
    "nix-store --verify-path ended with 137, and did not say for which of these:",
    ...paths,
  ]);
});
