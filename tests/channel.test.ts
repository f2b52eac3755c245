/** From a build to a machine that subscribes: mkChannel, `voyager publish`, and a Nix that has nothing of ours. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename, join } from "node:path";
import type { ChannelIndex } from "../helper/src/channel/channel-index.ts";
import type { Published } from "../helper/src/publish/publish.ts";
import { Acme, channelExpression } from "./support/acme.ts";
import { openFile, startBrowser } from "./support/browser.ts";
import { nixBuild } from "./support/nix.ts";
import { must } from "./support/run.ts";
import { type Machine, wheelIn } from "./support/target.ts";

const acme = new Acme();
beforeAll(() => acme.build());
afterAll(() => acme.remove());

describe("a channel", () => {
  test("has what Hydra reads, an index with verdicts, and the records of its packages", () => {
    const { bcrypt, channel, greet } = acme;
    const index = JSON.parse(readFileSync(join(channel, "index.json"), "utf8")) as ChannelIndex;
    expect(index.packages.map(({ attribute, name, linkage }) => [attribute, name, linkage.verdict])).toEqual([
      ["bcrypt", "bcrypt-3.2.2", "pass"],
      ["greet", "greet-1", "pass"],
    ]);
    for (const { records } of index.packages) {
      for (const record of Object.values(records)) expect(existsSync(record)).toBe(true);
    }
    const products = readFileSync(join(channel, "nix-support/hydra-build-products"), "utf8");
    expect(products).toContain(`channel - ${channel}/nixexprs.tar.xz\n`);
    expect(readFileSync(join(channel, "nix-support/hydra-aggregate-constituents"), "utf8")).toBe(
      `${bcrypt} ${greet} smoke\n`,
    );
    expect(readlinkSync(join(channel, "records", basename(greet)))).toBe(greet);
  });

  test("needs its packages at run time, and nothing of what made them or had to succeed", async () => {
    const { bcrypt, channel, dev, greet } = acme;
    const references = (await must("nix-store", ["--query", "--references", channel])).split("\n");
    expect(references.sort()).toEqual([bcrypt, channel, dev, greet].sort());
  });

  test("is the same bytes when it is made again", async () => {
    expect(await nixBuild(channelExpression, ["--check"])).toMatchObject({ status: 0 });
  });

  test("is not made of what has no linkage report", async () => {
    const bare = `derivation {
      name = "bare"; system = "builtin"; builder = "builtin:buildenv"; derivations = [ ];
      manifest = builtins.toFile "manifest" "";
    } // { linkage = "nowhere"; }`;
    const result = await nixBuild(`voyager.lib.mkChannel { name = "bare"; packages.bare = ${bare}; }`);
    expect(result.status).not.toBe(0);
    expect(result.stderr).toContain("the channel 'bare' is not made");
    expect(result.stderr).toMatch(/-bare: it has no linkage report/);
  });
});

describe("published", () => {
  test("it is copied with its packages, signed, and laid out for a web server", async () => {
    const { bcrypt, channel, dev, greet, publicKey, served } = acme;
    const { status, stdout, stderr } = await acme.publishServed("--json");
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: expect.stringContaining("all with the verdict pass"),
    });
    const published = JSON.parse(stdout) as Published;
    expect(published).toMatchObject({
      publicKey,
      deliveries: 2,
      channel: { name: "acme", path: channel },
    });
    const copied = published.paths.filter((one) => one.copied).map(({ path }) => path);
    expect(copied.sort()).toEqual([bcrypt, channel, dev, greet].sort());
    for (const path of copied) {
      const narinfo = readFileSync(join(served, "cache", `${basename(path).slice(0, 32)}.narinfo`), "utf8");
      expect(narinfo).toMatch(/^Sig: acme-1:/m);
    }
    expect(readdirSync(join(served, "channel")).sort()).toEqual([
      ...["binary-cache-url", "index.html", "index.json", "nixexprs.tar.xz", "records"],
    ]);
    const page = readFileSync(join(served, "channel/index.html"), "utf8");
    const links = [...page.matchAll(/href="(records[^"]*)"/g)].map(([, link = ""]) => link);
    expect(links).toHaveLength(6);
    for (const link of links) expect(existsSync(join(served, "channel", link))).toBe(true);
  });

  test("the page of the channel can be read, and asks for nothing", async () => {
    const browser = await startBrowser();
    try {
      const size = { viewport: { width: 360, height: 700 } };
      const path = join(acme.served, "channel/index.html");
      const { page, requests, complaints } = await openFile(browser, path, size);
      expect(await page.locator("#channel-table tbody tr").count()).toBe(2);
      expect(await page.locator("#channel-table tbody tr").first().textContent()).toMatch(
        /bcrypt[\s\S]*pass/,
      );
      const excess = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
      expect(await page.evaluate<number>(excess)).toBeLessThanOrEqual(0);
      expect({ requests, complaints }).toEqual({ requests: [], complaints: [] });
    } finally {
      await browser.close();
    }
  });

  test("again, nothing is copied", async () => {
    const { status, stdout } = await acme.publishServed();
    expect(status).toBe(0);
    expect(stdout).toMatch(/: 0 paths copied, 4 there before; 2 deliveries with the verdict pass/);
    expect(stdout).toContain(`trusted-public-keys: ${acme.publicKey}`);
  });

  test("the folder that is served tells an administrator what a fix concerns", async () => {
    const folder = join(acme.served, "channel");
    const { status, stdout } = await acme.voyager("affected", "--package", "libc6", folder);
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining(basename(acme.greet)) });
  });
});

describe.each(["debian12", "debian13"] as const)("a machine with the Nix of %s subscribes", (system) => {
  let machine: Machine;
  beforeAll(async () => {
    machine = await acme.subscribe({ system });
  });

  test("what there is can be listed without fetching any of it", async () => {
    const listed = await machine.must("nix-env -qaP --description");
    expect(listed.split("\n").map((line) => line.split(/ +/).slice(0, 2))).toEqual([
      ["acme.bcrypt", "bcrypt-3.2.2"],
      ["acme.greet", "greet-1"],
    ]);
    expect(listed).toContain("Greets");
    expect(await machine.must("ls /nix/store")).not.toMatch(/-(bcrypt|greet)-/);
  });

  test("it installs the very path that was built, checks the target, and runs it", async () => {
    const { greet } = acme;
    await machine.must("nix-env -iA acme.greet");
    expect(await machine.must("nix-env -q --out-path --no-name greet")).toBe(greet);
    expect(await machine.must(`nix-hash --type sha256 ${greet}`)).toBe(
      await must("nix-hash", ["--type", "sha256", greet]),
    );
    expect(await machine.must(`${greet}/nix-support/verify`)).toContain(
      "all that the compiled files need is there",
    );
    expect(await machine.must("~/.nix-profile/bin/greet")).toBe("hello, subscriber");
  });

  test("nix-build gets links to its files, of each output, and its records", async () => {
    const build = (attribute: string) => `$(nix-build --no-out-link '<acme>' -A ${attribute})`;
    expect(await machine.must(`${build("greet")}/bin/greet`)).toBe("hello, subscriber");
    expect(await machine.must(`cat ${build("greet.dev")}/include/greet.h`)).toBe("int greet(void);");
    const records = (await machine.must(`ls ${build("greet.records")}`)).split("\n");
    expect(records).toEqual(
      expect.arrayContaining(["linkage.html", "provenance.json", "sbom.cdx.json", "verify"]),
    );
  });

  test("nothing of nix-voyager, of the compiler or of the sources has come with it", async () => {
    const names = (await machine.must("ls /nix/store")).split("\n").map((name) => name.slice(33));
    expect(names).toContain("greet-1");
    expect(names.filter((name) => /voyager|node|source|bcrypt/.test(name))).toEqual([]);
  });
});

test("pip installs a wheel from the channel, without an index", async () => {
  const machine = await acme.subscribe({ packages: ["python3-venv", "python3-cffi", "python3-six"] });
  const script = `
    wheels=$(nix-env -f '<acme>' -qaA bcrypt --out-path --no-name)
    nix-store --realise "$wheels" >/dev/null 2>&1
    "$wheels/nix-support/verify" --quiet
    python3 -m venv --system-site-packages /tmp/venv
    /tmp/venv/bin/pip install --quiet --no-index --find-links "$wheels" bcrypt
    cd /tmp
    venv/bin/python -c 'import bcrypt; print(bcrypt.__file__, bcrypt.checkpw(b"x", bcrypt.hashpw(b"x", bcrypt.gensalt(4))))'`;
  expect(await machine.must(script)).toMatch(/\/tmp\/venv\/.*bcrypt.* True$/);
  expect(wheelIn(acme.bcrypt)).toContain("cp311");
});
