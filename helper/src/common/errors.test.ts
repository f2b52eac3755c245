import { asVoyagerError, codeOf, failureKinds, messageOf, VoyagerError } from "./errors.ts";

test("every kind has an exit code of its own, never 0", () => {
  const codes = Object.values(failureKinds).map(({ exitCode }) => exitCode);
  expect(new Set(codes).size).toBe(codes.length);
  for (const code of codes) expect(code > 0 && code < 126).toBe(true);
});

test("as people see it", () => {
  const error = new VoyagerError("image", "there is no base image", {
    why: "no registry\nand no recipe\n",
    remedy: "run this",
  });
  expect(error.render()).toBe(`nix-voyager: error: there is no base image
  why:    no registry
          and no recipe
  remedy: run this`);
  expect(error.exitCode).toBe(72);
});

test("no cause and no remedy: one line", () => {
  expect(new VoyagerError("usage", "what?").render()).toBe("nix-voyager: error: what?");
});

test("whatever is thrown becomes an error with an exit code", () => {
  const known = new VoyagerError("build", "failed");
  expect(asVoyagerError(known)).toBe(known);
  const bug = asVoyagerError(new TypeError("x is not a function"));
  expect(bug).toMatchObject({ kind: "internal", exitCode: 70, what: "x is not a function" });
  expect(bug.details.why).toContain("errors.test.ts"); // the stack
  expect(asVoyagerError("text")).toMatchObject({ kind: "internal", what: "text" });
  expect(asVoyagerError(undefined).exitCode).toBe(70);
});

test("a full disk is said in words", () => {
  const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  expect(asVoyagerError(full)).toMatchObject({ kind: "transfer", what: "a disk is full" });
  expect(asVoyagerError(full).details.remedy).toContain("voyager doctor");
});

test("messages and codes of anything", () => {
  expect([messageOf(new Error("a")), messageOf("b"), messageOf(null)]).toEqual(["a", "b", "null"]);
  expect([codeOf({ code: "ENOENT" }), codeOf({ code: 7 }), codeOf(null), codeOf("x")]).toEqual([
    "ENOENT",
    undefined,
    undefined,
    undefined,
  ]);
});
