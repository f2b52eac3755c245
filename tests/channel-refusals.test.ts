/** What is not published, and what a machine that subscribes does not take: each is refused with its reason. */
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, dirname, join } from "node:path";
import type { Report } from "../helper/src/linkage/report.ts";
import { Acme, packages } from "./support/acme.ts";
import { mustBuild } from "./support/nix.ts";
import { must } from "./support/run.ts";
import { address } from "./support/subscriber.ts";

const acme = new Acme();
const added: string[] = [];
beforeAll(async () => {
  await acme.build();
  expect(await acme.publishServed()).toMatchObject({ status: 0 });
});
afterAll(async () => {
  for (const path of added) await must("nix-store", ["--delete", path]);
  await acme.remove();
});

/** A copy of what is served, to be damaged. */
function servedCopy(name: string): string {
  const copy = join(acme.folder, name);
  cpSync(acme.served, copy, { recursive: true });
  return copy;
}

const narinfoOf = (served: string, path: string) =>
  join(served, "cache", `${basename(path).slice(0, 32)}.narinfo`);

/** The file with the NAR of a path. */
function narOf(served: string, path: string): string {
  const url = /^URL: (.*)$/m.exec(readFileSync(narinfoOf(served, path), "utf8"))?.[1] ?? "";
  return join(served, "cache", url);
}

describe("a machine that subscribes does not take", () => {
  /** Installs greet where it must not succeed; nothing of it may be there. */
  async function refused(served: string, publicKey = acme.publicKey): Promise<string> {
    const machine = await acme.subscribe({ served, publicKey });
    const { status, stderr } = await machine.run("nix-env -iA acme.greet");
    expect(status).not.toBe(0);
    expect((await machine.run(`nix-store --check-validity ${acme.greet}`)).status).not.toBe(0);
    expect((await machine.run("test -e ~/.nix-profile/bin/greet")).status).not.toBe(0);
    return stderr;
  }

  test("what another key has signed", async () => {
    const other = await acme.makeKey("acme-1", join(acme.folder, "other"));
    const stderr = await refused(acme.served, other);
    expect(stderr).toContain(
      `the substitute for '${acme.greet}' from '${address}/cache' is not signed by any of the keys`,
    );
    expect(stderr).toContain(`path '${acme.greet}' does not exist and cannot be created`);
  });

  test("a NAR with other files in it", async () => {
    const served = servedCopy("changed");
    const nar = narOf(served, acme.greet);
    const change = "xz -dc <$1 | sed s/subscriber/SUBSCRIBER/ | xz >$1.new && mv $1.new $1";
    await must("sh", ["-ec", change, "sh", nar]);
    expect(await refused(served)).toContain(`hash mismatch importing path '${acme.greet}'`);
  });

  test("a NAR that is cut off", async () => {
    const served = servedCopy("cut");
    const nar = narOf(served, acme.greet);
    writeFileSync(nar, readFileSync(nar).subarray(0, 1000));
    expect(await refused(served)).toContain("Failed to open archive (Lzma library error");
  });

  test("a NAR that is missing", async () => {
    const served = servedCopy("missing");
    rmSync(narOf(served, acme.greet));
    expect(await refused(served)).toMatch(
      /nar.* does not exist in binary cache|unable to download .*nar.*404/,
    );
  });
});

/** A path of the store with the files of another, which is `greet` if none is named, changed. */
async function changed(name: string, change: (folder: string) => void, from = acme.greet): Promise<string> {
  const copy = join(acme.folder, name);
  await must("cp", ["-r", from, copy]);
  await must("chmod", ["-R", "u+w", copy]);
  change(copy);
  const path = await must("nix-store", ["--add", copy]);
  added.push(path);
  return path;
}

/** Publishes to a cache of the test's own, where it must fail before anything is there. */
async function unpublished(paths: string[]) {
  const cache = join(acme.folder, "empty-cache");
  const result = await acme.publish(`file://${cache}`, paths);
  const narinfos = existsSync(cache) ? readdirSync(cache).filter((name) => name.endsWith(".narinfo")) : [];
  expect(narinfos).toEqual([]);
  return result;
}

describe("not published is", () => {
  test("what has a verdict of fail, and what comes with it", async () => {
    const path = await changed("failing", (folder) => {
      const file = join(folder, "nix-support/linkage.json");
      const report = JSON.parse(readFileSync(file, "utf8")) as Report;
      const rule = "bundled" as const;
      const problem = { file: "bin/greet", soname: "libz.so.1", rule, message: "bin/greet is a copy" };
      writeFileSync(file, JSON.stringify({ ...report, verdict: "fail", problems: [problem] }));
    });
    const { status, stderr } = await unpublished([acme.bcrypt, path]);
    expect(status).toBe(77);
    expect(stderr).toContain("nothing was published: of 1 delivery it is not proven what they link to");
    expect(stderr).toMatch(
      /-failing: the verdict of its linkage report is fail\n +bundled: bin\/greet is a copy/,
    );
  });

  test("what has failed, and was kept for its report", async () => {
    const path = await changed("failed", (folder) =>
      writeFileSync(join(folder, "nix-support/failed"), "exit code 3"),
    );
    const { status, stderr } = await unpublished([path]);
    expect(status).toBe(79);
    expect(stderr).toContain(`${path}: it failed, and was kept (nix-support/failed): exit code 3`);
  });

  test("what has no record, or one that cannot be read", async () => {
    const none = await changed("bare", (folder) => rmSync(join(folder, "nix-support"), { recursive: true }));
    const torn = await changed("torn", (folder) =>
      writeFileSync(join(folder, "nix-support/linkage.json"), "{"),
    );
    const { status, stderr } = await unpublished([acme.greet, none, torn]);
    expect(status).toBe(78);
    expect(stderr).toContain(`${none}: it has no linkage report`);
    expect(stderr).toContain(`${torn}: its record cannot be read: nix-support/linkage.json`);
  });

  test("what has the records of other files, or links to them", async () => {
    const copied = await changed("copied", (folder) => writeFileSync(join(folder, "bin/evil"), ""));
    const linked = await changed("linked", (folder) => {
      rmSync(join(folder, "nix-support"), { recursive: true });
      symlinkSync(join(acme.greet, "nix-support"), join(folder, "nix-support"));
    });
    const { status, stderr } = await unpublished([copied]);
    expect(status).toBe(78);
    expect(stderr).toContain("records are not about the files that they lie beside");
    expect(stderr).toContain("bin/evil: was not built");
    expect((await unpublished([linked])).stderr).toContain("linkage.json: it is reached by a link");
  });

  test("a channel that brings what is no package, or other expressions than its own", async () => {
    const [stray = ""] = await mustBuild(`
      let inherit (${packages}) greet; in [ (voyager.lib.mkChannel {
        name = "stray";
        packages.greet = greet // { meta.description = "see \${builtins.toFile "notes" "secret"}"; };
      }) ]`);
    const { status, stderr } = await unpublished([stray]);
    expect(status).toBe(78);
    expect(stderr).toContain(`${stray} refers to what none of its packages needs`);
    expect(stderr).toMatch(/-notes$/m);
    const other = (folder: string) => appendFileSync(join(folder, "nixexprs.tar.xz"), "x");
    const forged = await changed("forged", other, acme.channel);
    const refused = await unpublished([forged, acme.bcrypt, acme.greet, acme.dev]);
    expect(refused.status).toBe(78);
    expect(refused.stderr).toContain(`${forged} is not what mkChannel makes of its index`);
    expect(refused.stderr).toContain("nixexprs.tar.xz");
  });

  test("another output alone; with the one that has the record it is", async () => {
    const { status, stderr } = await unpublished([acme.dev]);
    expect(status).toBe(78);
    expect(stderr).toContain(`${acme.dev}: it has no linkage report`);
    const cache = join(acme.folder, "both");
    expect(await acme.publish(`file://${cache}`, [acme.dev, acme.greet])).toMatchObject({ status: 0 });
  });

  test("what was changed on the disk since it was built", async () => {
    const path = await changed("touched", () => {});
    const file = join(path, "bin/greet");
    chmodSync(file, 0o755);
    appendFileSync(file, "x");
    const { status, stderr } = await unpublished([path]);
    expect(status).toBe(78);
    expect(stderr).toContain("files of the Nix store are not as they were built");
    expect(stderr).toContain(path);
  });

  test("what the cache has with other files by the same name", async () => {
    const served = servedCopy("conflict");
    const narinfo = narinfoOf(served, acme.greet);
    const other = /^NarHash: .*$/m.exec(readFileSync(narinfoOf(served, acme.bcrypt), "utf8"))?.[0] ?? "";
    writeFileSync(narinfo, readFileSync(narinfo, "utf8").replace(/^NarHash: .*$/m, other));
    const { status, stderr } = await acme.publish(`file://${served}/cache`, [acme.greet]);
    expect(status).toBe(10);
    expect(stderr).toContain("has other files by the same names");
    expect(stderr).toContain(acme.greet);
  });

  test("what the cache has with other references", async () => {
    const served = servedCopy("references");
    const narinfo = narinfoOf(served, acme.channel);
    const text = readFileSync(narinfo, "utf8");
    writeFileSync(
      narinfo,
      text.replace(`${basename(acme.bcrypt)} `, "").replace(` ${basename(acme.bcrypt)}`, ""),
    );
    expect(readFileSync(narinfo, "utf8")).not.toBe(text);
    const { status, stderr } = await acme.publish(`file://${served}/cache`, [acme.channel]);
    expect(status).toBe(10);
    expect(stderr).toContain("has other files by the same names");
    expect(stderr).toContain(acme.channel);
  });

  test("what is not in the store, or below a path of it", async () => {
    expect(await unpublished(["/etc/hostname"])).toMatchObject({ status: 64 });
    const { status, stderr } = await unpublished([join(acme.greet, "bin")]);
    expect({ status, stderr }).toEqual({
      status: 64,
      stderr: expect.stringContaining(`${acme.greet}/bin is not a path of the Nix store`),
    });
  });
});

describe("wrong uses are named", () => {
  const publish = (keyFile: string) => acme.publish(`file://${acme.folder}/never`, [acme.greet], keyFile);

  test("no key, a public key, a key in the store", async () => {
    const file = join(acme.folder, "nowhere");
    expect(await publish(file)).toMatchObject({
      status: 64,
      stderr: expect.stringContaining("cannot be used to sign"),
    });
    expect((await publish(`${acme.keyFile}.pub`)).stderr).toContain(
      "Nix does not take what is in it for a secret key",
    );
    const inStore = join(acme.greet, "nix-support/linkage.json");
    expect((await publish(inStore)).stderr).toContain("everyone can read it: it is no secret any more");
  });

  test("a key that others may read is warned of", async () => {
    const open = join(acme.folder, "open");
    await acme.makeKey("open-1", open);
    chmodSync(open, 0o644);
    const result = await acme.publish(`file://${acme.folder}/open-cache`, [acme.greet], open);
    expect(result).toMatchObject({ status: 0, stderr: expect.stringContaining(`chmod 600 ${open}`) });
  });

  test("an address that is none, and --channel-dir without a channel", async () => {
    expect(await acme.publish("/srv/cache", [acme.greet])).toMatchObject({
      status: 64,
      stderr: expect.stringContaining("it is not of the form that Nix has"),
    });
    const secret = await acme.publish("https://ci:hunter2@cache.example.org", [acme.greet]);
    expect(secret).toMatchObject({ status: 64, stderr: expect.stringContaining("netrc-file") });
    expect(secret.stdout + secret.stderr).not.toContain("hunter2");
    const args = [acme.greet, "--channel-dir", join(acme.folder, "no-channel")];
    expect((await acme.publish(`file://${acme.folder}/never`, args)).stderr).toContain("wants one channel");
    expect(existsSync(join(acme.folder, "never"))).toBe(false);
  });
});

test("who publishes with a new key signs what is there", async () => {
  const served = servedCopy("rotated");
  const file = join(acme.folder, "new-key");
  await acme.makeKey("acme-2", file);
  expect(await acme.publish(`file://${served}/cache`, [acme.greet], file)).toMatchObject({ status: 0 });
  const narinfo = readFileSync(narinfoOf(served, acme.greet), "utf8");
  expect(narinfo.match(/^Sig: .*?:/gm)).toEqual(["Sig: acme-1:", "Sig: acme-2:"]);
});

describe("a cache that is reached by HTTP", () => {
  let server: Server;
  let stored: string;
  /** How many files it takes. */
  let room = Number.POSITIVE_INFINITY;
  beforeAll(async () => {
    stored = join(acme.folder, "http");
    server = createServer((request, response) => {
      const file = join(stored, request.url ?? "");
      if (request.method === "PUT") {
        const chunks: Buffer[] = [];
        request.on("data", (chunk: Buffer) => chunks.push(chunk));
        request.on("end", () => {
          if (room-- <= 0) {
            response.writeHead(507).end();
            return;
          }
          mkdirSync(dirname(file), { recursive: true });
          writeFileSync(file, Buffer.concat(chunks));
          response.writeHead(201).end();
        });
      } else if (existsSync(file)) response.end(request.method === "HEAD" ? undefined : readFileSync(file));
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterAll(() => server.close());

  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  test("that breaks off in the middle leaves the channel as it was, and gets the rest the next time", async () => {
    const folder = join(acme.folder, "http-channel");
    room = 4;
    const broken = await acme.publish(url(), [acme.channel, "--channel-dir", folder]);
    expect(broken.status).toBe(10);
    expect(broken.stderr).toMatch(/could not be given everything: [0-3] of 4 paths are there/);
    expect(broken.stderr).toContain("507");
    expect(readdirSync(folder)).toEqual(["records"]);
    room = Number.POSITIVE_INFINITY;
    const whole = await acme.publish(url(), [acme.channel, "--channel-dir", folder]);
    expect(whole).toMatchObject({ status: 0 });
    expect(readdirSync(folder)).toContain("nixexprs.tar.xz");
    const narinfo = readFileSync(join(stored, `${basename(acme.greet).slice(0, 32)}.narinfo`), "utf8");
    expect(narinfo).toMatch(/^Sig: acme-1:/m);
  });
});
