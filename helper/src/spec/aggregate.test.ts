import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolders } from "../../testing/folders.ts";
import { thrownBy } from "../../testing/logs.ts";
import { storePath } from "../../testing/specs.ts";
import type { VoyagerError } from "../common/errors.ts";
import { readAggregate } from "./aggregate.ts";

const folder = temporaryFolders();

function read(attributes: unknown) {
  const top = folder();
  writeFileSync(join(top, ".attrs.json"), JSON.stringify(attributes));
  return readAggregate(top);
}

const valid = {
  aggregate: {
    version: 1,
    name: "app-1",
    constituents: [{ name: "a", audited: true, outputs: { out: storePath("a") } }],
  },
  outputs: { out: storePath("app-1") },
};

test("what mkAggregate writes", () => {
  expect(read({ ...valid, builder: "/x" })).toEqual(valid);
});

test.each<[string, unknown]>([
  ["aggregate.version", { ...valid, aggregate: { ...valid.aggregate, version: 2 } }],
  [
    "aggregate.constituents.0.outputs.out",
    {
      ...valid,
      aggregate: {
        ...valid.aggregate,
        constituents: [{ name: "a", audited: true, outputs: { out: "/etc" } }],
      },
    },
  ],
  ["outputs.out", { ...valid, outputs: {} }],
  ["aggregate", { outputs: valid.outputs }],
])("names what is not valid: %s", async (path, attributes) => {
  const error = await thrownBy<VoyagerError>(() => read(attributes));
  expect(error).toMatchObject({ kind: "spec", what: "the description of the aggregate is not valid" });
  expect(error.details.why).toContain(`${path}: `);
});

test("not started by Nix", async () => {
  const error = await thrownBy<VoyagerError>(() => readAggregate(folder()));
  expect(error.details.remedy).toContain("is started by Nix, as the builder of what mkAggregate declares");
});
