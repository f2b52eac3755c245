import { labels } from "../environment/labels.ts";
import { checkRun } from "./check.ts";
import type { PinnedFolders } from "./folders.ts";
import type { Peer } from "./peer.ts";
import type { Policy } from "./policy.ts";
import { Refused, type RunRequest } from "./requests.ts";

const image = `sha256:${"a".repeat(64)}`;
const peer = (change: Partial<Peer> = {}): Peer => ({
  ...{ pid: 1, uid: 997, gid: 30000, user: "nixbld1", process: "1:2", hasNetwork: false },
  requireAlive: () => {},
  release: () => {},
  ...change,
});
const perBuild: Policy["perBuild"] = {
  ...{ memory: 1e9, cpus: null, pids: 1000, seconds: 60, environmentSeconds: 60, disk: 1e9 },
  ...{ containers: 2, environments: 2, connections: 8, requestsPerSecond: 20 },
};
const policy = (change: Partial<Policy["perBuild"]> = {}): Policy => ({
  ...{ group: "nixbld", systems: "any", lockedPackages: false, store: "/nix/store" },
  perBuild: { ...perBuild, ...change },
  inAll: { builds: null, environments: 4, memory: null, connections: 1000 },
});
const request = (change: Partial<RunRequest> = {}): RunRequest => ({
  ...{
    version: 1,
    want: "run",
    image,
    command: ["bash", "stage"],
    env: { A: "b" },
    mounts: [],
    foundations: [],
  },
  ...{ network: false, limits: { memory: null, cpus: null, pids: null }, firstInput: "" },
  ...change,
});
/** Nothing is pinned where a request has no mounts of the build's own. */
const unused = {} as PinnedFolders;
const check = (change: Partial<RunRequest> = {}, who = peer(), limits: Partial<Policy["perBuild"]> = {}) =>
  checkRun(
    { request: request(change), peer: who, images: new Set([image]), policy: policy(limits), broker: "7:8" },
    unused,
  );

test("what a build gets: its own user, no privileges, and labels that it cannot choose", () => {
  expect(check()).toMatchObject({
    ...{ image, command: ["bash", "stage"], env: { A: "b" }, user: "997:30000", workingDirectory: "/build" },
    ...{ mounts: [], network: false, privilegesOfPackageManager: false },
    labels: { [labels.container]: "build", [labels.user]: "nixbld1", [labels.broker]: "7:8" },
  });
  expect(check()).not.toHaveProperty("files");
});

describe("limits", () => {
  const limitsOf = (given: Partial<RunRequest["limits"]>, most: Partial<Policy["perBuild"]> = {}) =>
    check({ limits: { ...request().limits, ...given } }, peer(), most).limits;

  test("one that states none has the policy's", () => {
    expect(limitsOf({})).toEqual({ memory: 1e9, cpus: null, pids: 1000 });
    expect(limitsOf({}, { cpus: 2 })).toEqual({ memory: 1e9, cpus: 2, pids: 1000 });
  });

  test("one that states less has what it states", () => {
    expect(limitsOf({ memory: 5e8, cpus: 1, pids: 50 }, { cpus: 2 })).toEqual({
      memory: 5e8,
      cpus: 1,
      pids: 50,
    });
    expect(limitsOf({ cpus: 64 }).cpus).toBe(64);
  });

  test.each([
    [{ memory: 2e9 }, "limits.memory is 2000000000, where the broker allows 1000000000"],
    [{ pids: 1001 }, "limits.pids is 1001"],
    [{ cpus: 2.5 }, "limits.cpus is 2.5, where the broker allows 2"],
  ])("one that states more is refused: %j", (given, message) => {
    expect(() => limitsOf(given, { cpus: 2 })).toThrow(message);
  });
});

test("a network is for builds that Nix gave one", () => {
  expect(() => check({ network: true })).toThrow("a network is for fixed-output derivations only");
  expect(check({ network: true }, peer({ hasNetwork: true })).network).toBe(true);
});

test("an image that it was not given", () => {
  expect(() => check({ image: `sha256:${"b".repeat(64)}` })).toThrow(Refused);
});

describe("foundations", () => {
  const folder = (path: string, owner: "root" | "build" = "build") =>
    ({ path, mode: 0o755, owner, content: { type: "Directory" } }) as const;

  test("the store's folders are root's, the build's are its own", () => {
    const own = `nix/store/${"0".repeat(32)}-x/`;
    const { files } = check({ foundations: [folder("nix/store/", "root"), folder("build/"), folder(own)] });
    const names = [0, 512, 1024].map((at) => files?.toString("utf8", at, at + 100).replace(/\0.*/s, ""));
    expect(names).toEqual(["nix/store/", "build/", own]);
    const owners = [0, 512, 1024].map((at) =>
      Number.parseInt(files?.toString("utf8", at + 108, at + 115) ?? "", 8),
    );
    expect(owners).toEqual([0, 997, 997]);
  });

  test("not where something is mounted", () => {
    const mounts = [{ source: "/a", target: "/build", readOnly: false }];
    expect(() => check({ mounts, foundations: [folder("build/")] })).toThrow("either mounted or streamed");
  });
});
