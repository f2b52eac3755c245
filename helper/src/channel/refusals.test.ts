import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { built, hash, packageOf, refusal, specOf, twoOutputs } from "../../testing/channels.ts";
import { temporaryFolders } from "../../testing/folders.ts";
import { failingReport } from "../../testing/reports.ts";

const folder = temporaryFolders();

describe("of several outputs", () => {
  test("one that the provenance does not tell of is refused", async () => {
    const { dev, out, spec } = twoOutputs(folder());
    writeFileSync(join(dev, "include/evil.h"), "");
    const error = await refusal(folder(), spec);
    expect(error).toMatchObject({ kind: "record" });
    expect(error.details.why).toBe(
      `${dev} has no linkage report, and ${out}/nix-support/provenance.json does not tell of its files as output 'dev'`,
    );
  });

  test("one with a report of its own is judged by that", async () => {
    const { dev, spec } = twoOutputs(folder());
    mkdirSync(join(dev, "nix-support"));
    writeFileSync(join(dev, "nix-support/linkage.json"), JSON.stringify(failingReport));
    expect((await refusal(folder(), spec)).details.why).toContain(
      `${dev}: the verdict of its linkage report is fail`,
    );
  });
});

test("packages that must not be delivered are all named", async () => {
  const store = folder();
  mkdirSync(join(store, `${hash("c")}-bare`));
  const error = await refusal(
    folder(),
    specOf([
      packageOf("good", built(store, `${hash("a")}-good`)),
      packageOf("bad", built(store, `${hash("b")}-bad`, failingReport)),
      packageOf("bare", join(store, `${hash("c")}-bare`)),
      packageOf("torn", built(store, `${hash("d")}-torn`, "{")),
    ]),
  );
  expect(error).toMatchObject({ kind: "linkage" });
  expect(error.what).toContain("the channel 'acme' is not made: of 3 deliveries");
  expect(error.details.why).toContain(`${hash("b")}-bad: the verdict of its linkage report is fail`);
  expect(error.details.why).toContain(`${hash("c")}-bare: it has no linkage report`);
  expect(error.details.why).toContain(`${hash("d")}-torn: its record cannot be read`);
});

test("a record that is missing, or is a link to another's, is named", async () => {
  const path = built(folder(), `${hash("a")}-a`);
  rmSync(join(path, "nix-support/environment.json"));
  expect((await refusal(folder(), specOf([packageOf("a", path)]))).what).toBe(
    `${path} has no environment.json`,
  );
  symlinkSync("/etc/passwd", join(path, "nix-support/environment.json"));
  expect((await refusal(folder(), specOf([packageOf("a", path)]))).what).toBe(
    `${path} has no environment.json`,
  );
});

test("records of other files, and links to records, make no channel", async () => {
  const store = folder();
  const good = built(store, `${hash("a")}-good`);
  const [copied, linked] = [join(store, `${hash("b")}-copied`), join(store, `${hash("c")}-linked`)];
  for (const path of [copied, linked]) mkdirSync(path);
  cpSync(join(good, "nix-support"), join(copied, "nix-support"), { recursive: true });
  symlinkSync(join(good, "nix-support"), join(linked, "nix-support"));
  const error = await refusal(folder(), specOf([packageOf("copied", copied)]));
  expect(error.what).toBe(
    "the channel 'acme' is not made: records are not about the files that they lie beside",
  );
  expect(error.details.why).toContain("bin/greet: is missing");
  expect((await refusal(folder(), specOf([packageOf("linked", linked)]))).details.why).toContain(
    "reached by a link",
  );
});

test("what has failed and was kept for its report holds the channel back, in whatever output", async () => {
  const store = folder();
  const path = built(store, `${hash("a")}-a`);
  const [failed, dev] = [folder(), folder()];
  for (const one of [failed, dev]) mkdirSync(join(one, "nix-support"));
  writeFileSync(join(failed, "nix-support/failed"), "exit code 3\n");
  symlinkSync("nowhere", join(dev, "nix-support/failed"));
  const outputs = [
    { name: "out", path },
    { name: "dev", path: dev },
  ];
  const error = await refusal(
    folder(),
    specOf([packageOf("a", path, { outputs })], { constituents: [path, failed] }),
  );
  expect(error).toMatchObject({
    kind: "test",
    details: {
      why: `${failed}: it failed, and was kept (nix-support/failed): exit code 3\n${dev}: it failed, and was kept (nix-support/failed)`,
    },
  });
});

test("a channel of sources without a default.nix is none", async () => {
  const error = await refusal(folder(), specOf([], { src: folder() }));
  expect(error).toMatchObject({ kind: "source", what: "the channel's src has no default.nix" });
});
