import { makeSystem, storePath } from "../../testing/specs.ts";
import { parseRequest, Refused } from "./requests.ts";

const run = {
  version: 1,
  want: "run",
  image: `sha256:${"a".repeat(64)}`,
  command: ["bash"],
  env: { A: "b" },
  mounts: [{ source: "/tmp/x", target: "/build", readOnly: false }],
  foundations: [{ path: "etc/passwd", mode: 0o644, owner: "root", content: { type: "File", text: "" } }],
  network: false,
  limits: { memory: null, cpus: null, pids: null },
  firstInput: "",
};
const environment = {
  version: 1,
  want: "environment",
  system: makeSystem(),
  layers: [["gcc"]],
  maxAge: 1,
  lock: { file: storePath("lock"), packages: null },
};
const parse = (value: unknown) => parseRequest(Buffer.from(JSON.stringify(value)));

test("what is right is read as it is", () => {
  expect(parse(run)).toEqual(run);
  expect(parse(environment)).toEqual(environment);
});

/** Every place in a value: the names that lead there. */
function places(value: unknown, path: string[] = []): string[][] {
  if (value === null || typeof value !== "object") return [path];
  return [path, ...Object.entries(value).flatMap(([name, part]) => places(part, [...path, name]))];
}

/** A copy with something else at a place. */
function changed(value: unknown, [name, ...rest]: string[], change: (part: unknown) => unknown): unknown {
  if (name === undefined) return change(value);
  const copy = structuredClone(value) as Record<string, unknown>;
  copy[name] = changed(copy[name], rest, change);
  return copy;
}

const isObject = (part: unknown) => part !== null && typeof part === "object" && !Array.isArray(part);

describe.each([["run", run] as const, ["environment", environment] as const])("%s", (_name, request) => {
  // `env` and such take any name; all else takes only those that are declared.
  const open = new Set(["env"]);

  test.each(places(request).map((path) => [path.join("."), path] as const))(
    "an unknown field at '%s'",
    (_text, path) => {
      const part = path.reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], request);
      if (!isObject(part) || open.has(path.at(-1) ?? "")) return;
      const more = changed(request, [...path], (value) => ({ ...(value as object), Privileged: true }));
      expect(() => parse(more)).toThrow(Refused);
    },
  );

  test.each(places(request).map((path) => [path.join("."), path] as const))(
    "another type at '%s'",
    (_text, path) => {
      for (const other of [true, 7e99, "\0", [[]], { a: 1 }, undefined]) {
        const with_ = changed(request, [...path], () => other);
        const sent = JSON.stringify(with_);
        if (sent === undefined || sent === JSON.stringify(request)) continue;
        // Either it is refused, or it is what was sent, whole.
        let read: unknown;
        try {
          read = parse(with_);
        } catch (error) {
          expect(error).toBeInstanceOf(Refused);
          continue;
        }
        expect(read).toEqual(JSON.parse(JSON.stringify(with_)));
      }
    },
  );
});

test.each([
  ["twice", '{"version":1,"version":1'],
  ["spaces", ' {"version":1'],
])("JSON in another form: %s", (_name, begin) => {
  const json = JSON.stringify(run).replace('{"version":1', begin);
  expect(() => parseRequest(Buffer.from(json))).toThrow("not written as it must be");
});
