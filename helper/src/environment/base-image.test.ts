import childProcess from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FakeEngine } from "../../testing/fake-engine.ts";
import { temporaryFolders } from "../../testing/folders.ts";
import { keptLog, thrownBy } from "../../testing/logs.ts";
import { makeSystem } from "../../testing/specs.ts";
import type { VoyagerError } from "../common/errors.ts";
import { bootstrapBaseImage, bootstrapTag, findBaseImage, requireBaseImage } from "./base-image.ts";
import { labels } from "./labels.ts";

const folder = temporaryFolders();
const system = makeSystem();
const { log } = keptLog();
const tag = bootstrapTag(system) as string;
const withImage = (image: Partial<typeof system.image>) =>
  makeSystem({ image: { ...system.image, ...image } });

test("the tag follows the recipe", () => {
  expect(tag).toMatch(/^nix-voyager\/base:bookworm-[0-9a-f]{8}$/);
  const bootstrap = { ...system.image.bootstrap, suite: "trixie" } as typeof system.image.bootstrap;
  expect(bootstrapTag(withImage({ bootstrap }))).not.toBe(tag);
  expect(bootstrapTag(withImage({ bootstrap: null }))).toBeNull();
});

test("a bootstrapped image before one from a registry", async () => {
  const engine = new FakeEngine();
  expect(await findBaseImage(engine, system)).toBeNull();
  const referenced = engine.add("debian:12");
  expect(await findBaseImage(engine, system)).toEqual(referenced);
  const bootstrapped = engine.add(tag);
  expect(await findBaseImage(engine, system)).toEqual(bootstrapped);
});

test("pulled when the engine does not have it", async () => {
  const engine = new FakeEngine();
  engine.registry = ["debian:12"];
  expect((await requireBaseImage(engine, system, log)).tags).toEqual(["debian:12"]);
  await requireBaseImage(engine, system, log);
  expect(engine.pulled).toEqual(["debian:12"]);
});

test("neither image nor registry: why, and the command that makes one", async () => {
  const error = await thrownBy<VoyagerError>(requireBaseImage(new FakeEngine(), system, log));
  expect(error.kind).toBe("image");
  expect(error.what).toBe("there is no base image for debian12");
  expect(error.details.why).toBe(
    "the engine does not hold debian:12, and cannot pull it: no registry answers",
  );
  expect(error.details.remedy).toContain("voyager image bootstrap debian12");
});

test("neither image nor recipe", async () => {
  const error = await thrownBy<VoyagerError>(
    requireBaseImage(new FakeEngine(), withImage({ reference: null, bootstrap: null }), log),
  );
  expect(error.details.why).toContain("names no image that could be pulled");
  expect(error.details.remedy).toContain("bootstrap recipe");
});

describe("bootstrapping", () => {
  const { spawn } = childProcess;
  let asked: readonly string[] = [];
  afterEach(() => jest.restoreAllMocks());

  /** Puts a tool of our own in mmdebstrap's place. */
  function playTool(tool: string): void {
    jest.spyOn(childProcess, "spawn").mockImplementation(((
      command: string,
      args: string[],
      options: childProcess.SpawnOptions,
    ) => {
      asked = [command, ...args];
      return spawn(tool, args, options);
    }) as typeof spawn);
  }

  function script(text: string): string {
    const tool = join(folder(), "tool");
    writeFileSync(tool, `#!/bin/sh\n${text}\n`);
    chmodSync(tool, 0o755);
    return tool;
  }

  test("its output becomes the image, with labels", async () => {
    playTool(script("echo a tar stream"));
    const engine = new FakeEngine();
    expect(await bootstrapBaseImage(engine, system, log)).toBe(tag);
    expect(asked).toEqual([
      "mmdebstrap",
      "--variant=minbase",
      "--quiet",
      "--components=main",
      "--include=ca-certificates",
      "bookworm",
      "-",
    ]);
    expect(engine.held.get(tag)?.labels).toEqual({ [labels.kind]: "base", [labels.system]: "debian12" });
  });

  test("a tool that fails half-way leaves no image", async () => {
    playTool(script("echo half an image; echo 'E: the suite is unknown' >&2; exit 25"));
    const engine = new FakeEngine();
    const error = await thrownBy<VoyagerError>(bootstrapBaseImage(engine, system, log));
    expect(error).toMatchObject({ kind: "image", what: "the base image of debian12 could not be made" });
    expect(error.details.why).toBe("E: the suite is unknown");
    expect(engine.held.size).toBe(0);
  });

  test("a tool that is killed", async () => {
    playTool(script("echo half an image; kill -KILL $$"));
    const error = await thrownBy<VoyagerError>(bootstrapBaseImage(new FakeEngine(), system, log));
    expect(error).toMatchObject({ kind: "image", what: "the base image of debian12 could not be made" });
  });

  test("no such tool", async () => {
    playTool(join(folder(), "missing"));
    const error = await thrownBy<VoyagerError>(bootstrapBaseImage(new FakeEngine(), system, log));
    expect(error.details).toMatchObject({
      why: "mmdebstrap is not installed",
      remedy: "install it: apt-get install mmdebstrap",
    });
  });

  test("no recipe", async () => {
    const error = await thrownBy(bootstrapBaseImage(new FakeEngine(), withImage({ bootstrap: null }), log));
    expect(error).toMatchObject({ kind: "image", what: "system 'debian12' has no bootstrap recipe" });
  });
});
