import { HostPaths, parseMountInfo } from "./host-paths.ts";

/** Lines as in /proc/self/mountinfo. */
const mounts = (...pairs: [root: string, point: string, type?: string][]) =>
  pairs
    .map(
      ([root, point, type = "ext4"]) => `36 35 98:0 ${root} ${point} rw,noatime master:1 - ${type} /dev/x rw`,
    )
    .join("\n")
    .concat("\n");

const out = "/nix/store/0123-hello";

test("sandboxed: the roots of the mounts are the host's paths", () => {
  const paths = new HostPaths(
    mounts(
      ["/nix/store/x.drv.chroot", "/"],
      ["/nix/store/x.drv.chroot/nix/store", "/nix/store"],
      ["/nix/store/dep", "/nix/store/dep"],
      ["/tmp/nix-build-x.drv-0", "/build"],
    ),
  );
  expect(paths.candidates("/build/container")[0]).toBe("/tmp/nix-build-x.drv-0/container");
  expect(paths.candidates(out)[0]).toBe(`/nix/store/x.drv.chroot${out}`);
  expect(paths.candidates("/nix/store/dep/bin")[0]).toBe("/nix/store/dep/bin");
  expect(paths.candidates("/nix/store/dependency")[0]).toBe("/nix/store/x.drv.chroot/nix/store/dependency");
});

test("not sandboxed: the host calls it the same", () => {
  const paths = new HostPaths(mounts(["/", "/"], ["/", "/proc", "proc"]));
  expect(paths.candidates(out)).toEqual([out]);
});

test("a /nix of its own, sandboxed: the prefix that mountinfo lacks is among the guesses", () => {
  const paths = new HostPaths(mounts(["/store/x.drv.chroot/nix/store", "/nix/store"], ["/", "/"]));
  expect(paths.candidates(out)).toContain(`/nix/store/x.drv.chroot${out}`);
});

test("a /nix of its own, not sandboxed: its path is among the guesses", () => {
  const paths = new HostPaths(mounts(["/", "/"], ["/", "/nix"]));
  expect(paths.candidates(out)).toContain(out);
});

test("a file system of its own anywhere, not sandboxed: its path is among the guesses", () => {
  const paths = new HostPaths(mounts(["/", "/"], ["/", "/srv/builds"]));
  expect(paths.candidates("/srv/builds/a")).toContain("/srv/builds/a");
});

test("a /tmp of its own: the same", () => {
  const sandboxed = new HostPaths(mounts(["/", "/"], ["/nix-build-x.drv-0", "/build", "tmpfs"]));
  expect(sandboxed.candidates("/build/a")).toContain("/tmp/nix-build-x.drv-0/a");
  const classic = new HostPaths(mounts(["/", "/"], ["/", "/tmp", "tmpfs"]));
  expect(classic.candidates("/tmp/nix-build-x.drv-0/a")).toContain("/tmp/nix-build-x.drv-0/a");
});

test("the deepest mount counts, and of those at one place the last", () => {
  const paths = new HostPaths(mounts(["/deep", "/build/source"], ["/old", "/build"], ["/new", "/build"]));
  expect(paths.candidates("/build/a")[0]).toBe("/new/a");
  expect(paths.candidates("/build/source/a")[0]).toBe("/deep/a");
  expect(paths.candidates("/build/sources")[0]).toBe("/new/sources");
});

test("no guess comes twice", () => {
  const guesses = new HostPaths(mounts(["/tmp/x", "/build"])).candidates("/build");
  expect(new Set(guesses).size).toBe(guesses.length);
});

test("names that mountinfo escapes", () => {
  expect(parseMountInfo(mounts(["/a\\040b\\134c", "/tab\\011and\\012newline"]))).toEqual([
    { root: "/a b\\c", mountPoint: "/tab\tand\nnewline" },
  ]);
});

test("this machine's own", () => {
  expect(new HostPaths().candidates("/etc/hostname").length).toBeGreaterThan(0);
});
