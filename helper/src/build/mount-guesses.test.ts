import { HostPaths } from "../transfer/host-paths.ts";
import { MountGuesses } from "./mount-guesses.ts";

const line = (root: string, point: string) => `36 35 98:0 ${root} ${point} rw - ext4 /dev/x rw\n`;
const guesses = (mountInfo: string) => new MountGuesses(new HostPaths(mountInfo));
const missing = (path: string | null) => `invalid mount config: bind source path does not exist: ${path}`;

test("the next guess is taken for what was not found, and the other place keeps its own", () => {
  const mounts = guesses(line("/", "/") + line("/nix-build-0", "/build") + line("/store", "/nix/store"));
  const store = mounts.hostPath("store", "/nix/store/a");
  const build = mounts.hostPath("build", "/build/b");
  expect(build).toBe("/nix-build-0/b");
  expect(mounts.refused(missing(build))).toBe(true);
  expect(mounts.hostPath("build", "/build/b")).not.toBe(build);
  expect(mounts.hostPath("store", "/nix/store/a")).toBe(store);
});

test("null when all have been tried", () => {
  const mounts = guesses(line("/", "/") + line("/", "/srv"));
  const tried = new Set<string>();
  for (;;) {
    const path = mounts.hostPath("build", "/srv/b");
    if (path === null) break;
    expect(tried.has(path)).toBe(false);
    tried.add(path);
    mounts.refused(missing(path));
  }
  expect(tried).toContain("/srv/b");
});

test("outputs on a file system of their own, beside a store on the root's: what is certain stays", () => {
  const mounts = guesses(line("/", "/") + line("/", "/srv"));
  for (let refusals = 0; ; refusals++) {
    expect(refusals).toBeLessThan(20);
    const output = mounts.hostPath("store", "/srv/out");
    expect(mounts.hostPath("store", "/nix/store/a")).toBe("/nix/store/a");
    if (output === "/srv/out") break;
    expect(mounts.refused(missing(output))).toBe(true);
  }
});

test("false when what is missing was certain, or is none of ours", () => {
  const mounts = guesses(line("/", "/"));
  expect(mounts.refused(missing(mounts.hostPath("store", "/nix/store/a")))).toBe(false);
  mounts.hostPath("build", "/tmp/b");
  expect(mounts.refused(missing("/other"))).toBe(false);
});
