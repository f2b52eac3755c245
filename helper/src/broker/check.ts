/** Decides over a container that is asked for, and says what the engine is asked for then. */
import { buildFolder, etcNames } from "../build/layout.ts";
import { storeNamePattern } from "../common/store.ts";
import { labels } from "../environment/labels.ts";
import type { ContainerRequest, Mount } from "../engine/engine.ts";
import { type MadeEntry, packMade } from "../transfer/pack.ts";
import { type PinnedFolders, requireStorePath } from "./folders.ts";
import type { Peer } from "./peer.ts";
import type { Policy } from "./policy.ts";
import { Refused, type RunRequest } from "./requests.ts";

/** Single files that a container may have from its build. */
const etcFiles = etcNames.map((name) => `/etc/${name}`);
/** Mounts of a build's own folders and files: each is one of the host's, too, for as long as the start takes. */
const mostOwnMounts = 64;

/** What may run: the request for the engine, but for its name and its output. */
export type Checked = Omit<ContainerRequest, "name" | "onOutput">;

/** Something that is asked for, with who asks. */
export interface Asked {
  request: RunRequest;
  peer: Peer;
  /** Images of environments that this build was given. */
  images: ReadonlySet<string>;
  policy: Policy;
  /** What marks containers as this broker's. */
  broker: string;
}

/**
 * Checks it. Throws Refused; NotThere when the host has no such path.
 *
 * @param pinned gets the folders that are the build's own
 */
export function checkRun({ request, peer, images, policy, broker }: Asked, pinned: PinnedFolders): Checked {
  if (!images.has(request.image)) throw new Refused(`${request.image} is no environment of this build`);
  // The engine unpacks foundations as root, with what is mounted in its place.
  if (request.mounts.length > 0 && request.foundations.length > 0) {
    throw new Refused("files are either mounted or streamed, not both");
  }
  if (request.network && !peer.hasNetwork) {
    throw new Refused("a network is for fixed-output derivations only, and Nix gave this build none");
  }
  return {
    image: request.image,
    command: request.command,
    env: request.env,
    user: `${peer.uid}:${peer.gid}`,
    workingDirectory: buildFolder,
    mounts: checkMounts(request.mounts, peer, policy.store, pinned),
    ...(request.foundations.length > 0
      ? { files: checkFoundations(request.foundations, peer, policy.store) }
      : {}),
    labels: { [labels.container]: "build", [labels.user]: peer.user, [labels.broker]: broker },
    network: request.network,
    privilegesOfPackageManager: false,
    limits: checkLimits(request.limits, policy.perBuild),
    firstInput: request.firstInput,
  };
}

/** A limit that is not given is the administrator's. */
function checkLimits(given: RunRequest["limits"], most: Policy["perBuild"]): Checked["limits"] {
  const within = (name: "memory" | "cpus" | "pids"): number | null => {
    const [value, limit] = [given[name], most[name]];
    if (value !== null && limit !== null && value > limit) {
      throw new Refused(
        `limits.${name} is ${value}, where the broker allows ${limit}`,
        `lower limits.${name}, or have the administrator raise perBuild.${name} in the broker's policy`,
      );
    }
    return value ?? limit;
  };
  return { memory: within("memory"), cpus: within("cpus"), pids: within("pids") };
}

function checkMounts(given: Mount[], peer: Peer, store: string, pinned: PinnedFolders): Mount[] {
  const targets = new Set<string>();
  const own = given.filter(({ target, readOnly }) => !readOnly || etcFiles.includes(target)).length;
  if (own > mostOwnMounts)
    throw new Refused(`${own} mounts of the build's own, where ${mostOwnMounts} may be`);
  return given.map((mount) => {
    const { source, target, readOnly } = mount;
    if (targets.has(target)) throw new Refused(`${target} is mounted twice`);
    targets.add(target);
    const name = target.startsWith(`${store}/`) ? target.slice(store.length + 1) : null;
    if (readOnly && name !== null) {
      // Nix's sandbox has files of the store as links of its own, and then names them so.
      const isItself =
        source === target || (source.startsWith(`${store}/`) && source.endsWith(`.drv.chroot${target}`));
      if (!isItself) throw new Refused(`${target} would be another path, ${source}`);
      requireStorePath(target, store);
      return { ...mount, source: target };
    }
    const isOwn = readOnly
      ? etcFiles.includes(target)
      : target === buildFolder || (name !== null && storeNamePattern.test(name));
    if (!isOwn) throw new Refused(`${target} is no place for ${readOnly ? "files" : "a folder"} of a build`);
    return { ...mount, source: pinned.pin(mount, peer) };
  });
}

/** Files that the engine puts into a container as root, for builds whose files are streamed. */
function checkFoundations(given: RunRequest["foundations"], peer: Peer, store: string): Buffer {
  const parents = store
    .slice(1)
    .split("/")
    .map((_, depth, parts) => parts.slice(0, depth + 1).join("/"));
  const paths = new Set<string>();
  const entries = given.map(({ path, mode, owner, content }): MadeEntry => {
    const plain = path.replace(/\/$/, "");
    if (paths.has(plain)) throw new Refused(`${path} comes twice`);
    paths.add(plain);
    const inStore =
      plain.startsWith(`${store.slice(1)}/`) && storeNamePattern.test(plain.slice(store.length));
    const isRoots = owner === "root" && (parents.includes(plain) || etcFiles.includes(`/${plain}`));
    const isBuilds = owner === "build" && (plain === buildFolder.slice(1) || inStore);
    if (!isRoots && !isBuilds) throw new Refused(`${path} is no place for files of a build`);
    const isEtc = etcFiles.includes(`/${plain}`);
    const isFolder = content.type === "Directory";
    if (!isFolder && !isEtc && !inStore) throw new Refused(`${path} is not what it should be`);
    if (isEtc !== (content.type === "File" && owner === "root"))
      throw new Refused(`${path} is not what it should be`);
    return {
      path,
      mode,
      owner: owner === "root" ? { uid: 0, gid: 0 } : { uid: peer.uid, gid: peer.gid },
      content,
    };
  });
  return packMade(entries);
}
