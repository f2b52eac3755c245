// Builder of the packages that the bundle needs, see packages.nix: unpacks npm's archives where
// `npm ci` would put them. Plain Node, as no package can be used before this has run.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { gunzipSync } from "node:zlib";

const blockSize = 512;

/** A zero-terminated text field of a tar header. */
function text(block, start, length) {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString("utf8", 0, end < 0 ? length : end);
}

/** The `path` that a pax header gives to the entry after it, or undefined. */
function paxPath(data) {
  return /^\d+ path=(.*)$/m.exec(data.toString("utf8"))?.[1];
}

/**
 * The regular files of a tar archive; other kinds of entries do not occur in npm's archives.
 *
 * @param {Buffer} archive
 * @returns {Generator<{ path: string, executable: boolean, data: Buffer }>}
 */
function* filesOf(archive) {
  let longPath;
  for (let at = 0; at + blockSize <= archive.length && archive[at] !== 0; ) {
    const header = archive.subarray(at, at + blockSize);
    const size = Number.parseInt(text(header, 124, 12), 8);
    const data = archive.subarray(at + blockSize, at + blockSize + size);
    at += blockSize + Math.ceil(size / blockSize) * blockSize;
    const kind = text(header, 156, 1);
    if (kind === "x") {
      longPath = paxPath(data) ?? longPath;
    } else if (kind === "L") {
      longPath = text(data, 0, data.length);
    } else {
      const prefix = text(header, 257, 6) === "ustar" ? text(header, 345, 155) : "";
      const path = longPath ?? join(prefix, text(header, 0, 100));
      const executable = (Number.parseInt(text(header, 100, 8), 8) & 0o100) !== 0;
      longPath = undefined;
      if (kind === "0" || kind === "") {
        yield { path, executable, data };
      }
    }
  }
}

/** Unpacks one of npm's archives, whose files all lie in one folder of any name. */
function unpack(archive, folder) {
  for (const file of filesOf(gunzipSync(readFileSync(archive)))) {
    const path = normalize(file.path).split("/").slice(1).join("/");
    if (path === "" || file.path.split("/").includes("..")) {
      throw new Error(`${archive}: unexpected path ${file.path}`);
    }
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, file.data, { mode: file.executable ? 0o755 : 0o644 });
  }
}

// Not NIX_ATTRS_JSON_FILE: Nix 2.8 sets it to a path that exists only outside the sandbox.
const { packages, outputs } = JSON.parse(readFileSync(`${process.env.NIX_BUILD_TOP}/.attrs.json`, "utf8"));

for (const { path, archive } of packages) {
  unpack(archive, join(outputs.out, "node_modules", path));
}
