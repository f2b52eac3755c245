/** A signed repository of system packages that lives inside the environment: no server, no network. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mustSync } from "./run.ts";

/** A package to be made: no files but its own, and perhaps a script that runs on installation. */
export interface TestPackage {
  name: string;
  version: string;
  /** Path in the package → content, or where a link leads. */
  files?: Record<string, string | Buffer | { link: string }>;
  /** "all" unless given. */
  architecture?: string;
  /** Its Depends field. */
  depends?: string;
  /** More fields: `{ Conflicts: "libfoo1" }`. */
  fields?: Record<string, string>;
  /** Files for the package manager, by name: `{ symbols: … }`. */
  control?: Record<string, string>;
  /** Body of its postinst script. */
  postinst?: string;
}

/** A repository as Nix code. */
export interface TestRepository {
  /** For mkSystem's `setup`: puts the repository's files into the environment. */
  setup: string;
  /** The repository's address there. */
  uri: string;
  /** Public key files. */
  key: string;
  otherKey: string;
  /** What is there instead on another day, signed by the same key: the set-up that puts it there. */
  later(packages: TestPackage[]): string;
  /** Removes the files on this machine. */
  remove(): void;
}

function makePackage(folder: string, one: TestPackage): string {
  const { name, version, files = {}, depends, fields = {}, control: forManager = {}, postinst } = one;
  const tree = join(folder, name);
  mkdirSync(join(tree, "DEBIAN"), { recursive: true, mode: 0o755 });
  const control = [
    `Package: ${name}`,
    `Version: ${version}`,
    `Architecture: ${one.architecture ?? "all"}`,
    "Maintainer: Nobody <nobody@example.org>",
    ...(depends ? [`Depends: ${depends}`] : []),
    ...Object.entries(fields).map(([field, value]) => `${field}: ${value}`),
    `Description: test package ${name}`,
  ];
  writeFileSync(join(tree, "DEBIAN/control"), `${control.join("\n")}\n`);
  if (postinst)
    writeFileSync(join(tree, "DEBIAN/postinst"), `#!/bin/sh\nset -e\n${postinst}\n`, { mode: 0o755 });
  for (const [path, content] of Object.entries(forManager))
    writeFileSync(join(tree, "DEBIAN", path), content);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(tree, path, ".."), { recursive: true });
    if (typeof content === "string" || Buffer.isBuffer(content)) writeFileSync(join(tree, path), content);
    else symlinkSync(content.link, join(tree, path));
  }
  const file = join(folder, `${name}.deb`);
  mustSync("dpkg-deb", ["--root-owner-group", "-b", tree, file]);
  const sum = mustSync("sha256sum", [file]).split(" ")[0];
  return [...control, `Filename: ./${name}.deb`, `Size: ${readFileSync(file).length}`, `SHA256: ${sum}`].join(
    "\n",
  );
}

function makeKey(home: string, name: string): string {
  mkdirSync(home, { mode: 0o700 });
  const gpg = ["--homedir", home, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""];
  mustSync("gpg", [
    ...gpg,
    "--quick-generate-key",
    `${name} <${name}@example.org>`,
    "ed25519",
    "sign",
    "never",
  ]);
  const file = join(home, "..", `${name}.asc`);
  writeFileSync(file, `${mustSync("gpg", [...gpg, "--armor", "--export", `${name}@example.org`])}\n`);
  return file;
}

/** Shell code that puts a flat repository with these packages into /srv/test, signed by a key of `home`. */
function publish(home: string, packages: TestPackage[]): string {
  const folder = mkdtempSync(join(tmpdir(), "voyager-packages-"));
  const files = join(folder, "repository");
  mkdirSync(files);
  const index = packages.map((one) => makePackage(folder, one)).join("\n\n");
  for (const { name } of packages) mustSync("mv", [join(folder, `${name}.deb`), files]);
  writeFileSync(join(files, "Packages"), `${index}\n`);
  const sum = mustSync("sha256sum", [join(files, "Packages")]).split(" ")[0];
  const size = readFileSync(join(files, "Packages")).length;
  const date = new Date().toUTCString();
  const release = `Origin: test\nSuite: test\nCodename: test\nDate: ${date}\nArchitectures: amd64 all\nSHA256:\n ${sum} ${size} Packages\n`;
  const sign = ["--homedir", home, "--batch", "--clearsign"];
  writeFileSync(join(files, "InRelease"), `${mustSync("gpg", sign, release)}\n`);
  const packed = mustSync("sh", ["-c", `tar -C '${files}' -cz . | base64 -w0`]);
  rmSync(folder, { recursive: true, force: true });
  return `mkdir -p /srv/test; echo ${packed} | base64 -d | tar -xz -C /srv/test`;
}

/** Makes a flat repository with these packages, signed by a key of its own. */
export function makeRepository(packages: TestPackage[]): TestRepository {
  const folder = mkdtempSync(join(tmpdir(), "voyager-repository-"));
  const home = join(folder, "home");
  const key = makeKey(home, "test");
  const otherKey = makeKey(join(folder, "other"), "other");
  return {
    setup: publish(home, packages),
    uri: "file:/srv/test",
    key,
    otherKey,
    later: (others) => `rm -rf /srv/test; ${publish(home, others)}`,
    remove: () => {
      for (const home of ["home", "other"])
        mustSync("gpgconf", ["--homedir", join(folder, home), "--kill", "all"]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
