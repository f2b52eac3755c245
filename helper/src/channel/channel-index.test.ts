import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { built, hash, made, packageOf, specOf } from "../../testing/channels.ts";
import { temporaryFolders } from "../../testing/folders.ts";
import { thrownBy } from "../../testing/logs.ts";
import type { VoyagerError } from "../common/errors.ts";
import { type ChannelIndex, readIndex } from "./channel-index.ts";

const folder = temporaryFolders();

test("what is not a channel has no index; one that is damaged is told", async () => {
  const path = folder();
  expect(readIndex(path)).toBe(null);
  writeFileSync(join(path, "index.json"), "{}");
  const error = await thrownBy<VoyagerError>(() => readIndex(path));
  expect(error).toMatchObject({
    kind: "record",
    what: `${join(path, "index.json")} is not a channel's index`,
  });
});

test("an index that names other files as its records is told", async () => {
  const path = built(folder(), `${hash("a")}-a`);
  const { out, read } = await made(folder(), specOf([packageOf("a", path)]));
  for (const change of [
    { "../../outside": "/etc/passwd" },
    { verify: "/etc/passwd" },
    { verify: undefined },
  ] as Record<string, string>[]) {
    const index = JSON.parse(read("index.json")) as ChannelIndex;
    for (const one of index.packages) one.records = { ...one.records, ...change };
    const changed = folder();
    writeFileSync(join(changed, "index.json"), JSON.stringify(index));
    const error = await thrownBy<VoyagerError>(() => readIndex(changed));
    expect(error.details.why).toBe(`the records of 'a' are not those of ${path}`);
  }
  expect(readIndex(out)).not.toBe(null);
});
