/** What is asked of real systems about libraries: their loaders, their packages, least versions. */
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apt } from "../helper/src/environment/apt.ts";
import { libraryIndexScript } from "../helper/src/environment/library-index.ts";
import { rpmListing } from "../helper/src/environment/rpm-index.ts";
import { bytesOf } from "../helper/src/linkage/elf/bytes.ts";
import { readElf } from "../helper/src/linkage/elf/facts.ts";
import { undefinedSymbols } from "../helper/src/linkage/elf/symbols.ts";
import { askTogether } from "../helper/src/linkage/resolve/ask.ts";
import { confirmOwners } from "../helper/src/linkage/resolve/confirm-owners.ts";
import { minimumVersions } from "../helper/src/linkage/resolve/minimum-versions.ts";
import {
  type LinkFacts,
  type Resolution,
  resolveLibraries,
} from "../helper/src/linkage/resolve/resolve-libraries.ts";
import { systemLibrariesQuestion } from "../helper/src/linkage/resolve/system-libraries.ts";
import { type SystemContainer, systemContainer } from "./support/system-container.ts";

/** A folder that the container's users can read, for all tests of a system. */
function sharedFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "voyager-test-system-"));
  chmodSync(folder, 0o755);
  return folder;
}

const loader = "/lib64/ld-linux-x86-64.so.2";
/** Facts that make each file a question of its own. */
let counter = 0;
function someFacts(change: Partial<LinkFacts> = {}): LinkFacts {
  return {
    class: 64,
    machine: "x86_64",
    dynamic: true,
    interpreter: loader,
    soname: `unique.${counter++}`,
    needed: [],
    rpath: [],
    runpath: [],
    versionsNeeded: {},
    ...change,
  };
}

/** The relations of dpkg-shlibdeps without limits above, which are not asked for here. */
const lowest = (relations: string) =>
  relations
    .split(", ")
    .filter((relation) => !relation.includes("(<<"))
    .sort()
    .join(", ");

const ownerIn = async (container: SystemContainer) =>
  (await askTogether(container.ask, [systemLibrariesQuestion]))[0];

describe("Debian", () => {
  const packages = [
    "gcc",
    "libc6-dev",
    "g++",
    "libssl-dev",
    "zlib1g-dev",
    "dpkg-dev",
    "python3-dev",
    "musl-tools",
    "curl",
  ];
  let folder: string;
  let system: SystemContainer;
  beforeAll(async () => {
    folder = sharedFolder();
    system = await systemContainer(packages, folder);
  });
  afterAll(async () => {
    await system.remove();
    rmSync(folder, { recursive: true });
  });

  /** Asks about files in the folder, by names relative to it. */
  async function resolve(names: string[], facts?: LinkFacts): Promise<Resolution[]> {
    const files = names.map((name) => {
      const path = join(folder, name);
      return { path, facts: facts ?? readElf(bytesOf(readFileSync(path))) };
    });
    const resolutions = await resolveLibraries(system.ask, files);
    return files.map(({ path }) => resolutions.get(path) as Resolution);
  }

  test("the index agrees with dpkg -S, file by file, and has every library that dpkg knows", async () => {
    const index = await ownerIn(system);
    const listed = await system.asRoot(
      'cat /var/lib/dpkg/info/*.list | grep -E \'\\.so(\\.[0-9]|$)|\\.a$\' | sort -u | while read -r path; do if [ -f "$path" ] && [ ! -L "$path" ]; then printf \'%s %s\\n\' "$path" "$(readlink -f "$path")"; fi; done',
    );
    const files = listed.split("\n").map((line) => line.split(" ") as [string, string]);
    expect(files.length).toBeGreaterThan(400);
    const searched = await system.asRoot(`dpkg-query -S ${files.map(([path]) => path).join(" ")}`);
    const owners = new Map(
      searched.split("\n").map((line) => {
        const [owner = "", path = ""] = line.split(": ");
        return [path, owner.replace(/:.*/, "")];
      }),
    );
    const theirs = files.map(([path, real]) => `${real} ${owners.get(path)}`);
    expect(files.map(([, real]) => `${real} ${index.ownerOf(real)?.package}`)).toEqual(theirs);
  });

  test("the build cannot write the index", async () => {
    const tried = await system.ask(
      "echo x >>/var/lib/nix-voyager/libraries || mv /var/lib/nix-voyager/libraries /tmp; ls -l /var/lib/nix-voyager/libraries",
    );
    expect(tried).toMatch(/^-rw-r--r-- 1 root root /);
    expect((await ownerIn(system)).packages().length).toBeGreaterThan(50);
  });

  test("what the loader finds and does not find", async () => {
    await system.asRoot(`cd ${folder}
      echo 'int a(void) { return 1; }' >a.c
      echo 'int a(void); int main(void) { return a(); }' >m.c
      echo 'V1 { global: a; };' >v1; echo 'V2 { global: a; };' >v2
      lib() { gcc -shared -fPIC -o "$1" "-Wl,-soname,$2" a.c $3; }
      lib libgone.so libgone.so.1; gcc -o missing m.c -L. -lgone; rm libgone.so
      mkdir lib "it's a folder"; lib lib/libv.so.1 libv.so.1 -Wl,--version-script=v2
      gcc -o version m.c lib/libv.so.1 '-Wl,-rpath,$ORIGIN/lib'
      cp version "it's a folder/moved"
      lib lib/libv.so.1 libv.so.1 -Wl,--version-script=v1
      gcc -o fine m.c lib/libv.so.1 '-Wl,-rpath,$ORIGIN/lib'
      head -c 3000 fine >truncated
      lib "$PWD/slash.so" "$PWD/slash.so"; gcc -o slash m.c "$PWD/slash.so"
      echo 'int b(void); int a(void) { return b(); }' >b.c
      gcc -shared -fPIC -o libone.so -Wl,-soname,libone.so a.c
      gcc -shared -fPIC -o libtwo.so -Wl,-soname,libtwo.so b.c -L. -lone '-Wl,-rpath,$ORIGIN' -Wl,--no-as-needed
      gcc -shared -fPIC -o libone.so -Wl,-soname,libone.so a.c -Wl,--no-as-needed -L. -ltwo '-Wl,-rpath,$ORIGIN'
      chmod -R a+rX .`);
    const names = ["missing", "version", "it's a folder/moved", "fine", "slash", "libone.so"];
    const [missing, version, moved, fine, slash, cyclic] = await resolve(names);
    const libc = {
      soname: "libc.so.6",
      path: "/lib/x86_64-linux-gnu/libc.so.6",
      realPath: "/usr/lib/x86_64-linux-gnu/libc.so.6",
    };
    expect(missing).toMatchObject({ missing: ["libgone.so.1"], error: null, loader });
    expect(missing?.libraries).toContainEqual(libc);
    expect(version).toMatchObject({ missing: [], error: null });
    expect(version?.missingVersions).toEqual([
      { soname: "libv.so.1", version: "V2", neededBy: `${folder}/version` },
    ]);
    expect(moved?.missing).toEqual(["libv.so.1"]);
    expect(fine).toMatchObject({ missing: [], missingVersions: [], error: null });
    expect(fine?.libraries[0]?.realPath).toBe(`${folder}/lib/libv.so.1`);
    expect(slash?.libraries[0]?.soname).toBe(`${folder}/slash.so`);
    expect(cyclic).toMatchObject({ missing: [], error: null });
    expect(cyclic?.libraries.map(({ soname }) => soname)).toContain("libtwo.so");

    const [truncated] = await resolve(["truncated"], someFacts({ needed: ["libv.so.1"] }));
    expect(truncated?.error).not.toBeNull();
    const [other] = await resolve(["fine"], someFacts({ class: 32, machine: "i386" }));
    expect(other).toMatchObject({ loader: null, error: null });
    const [strange] = await resolve(["fine"], someFacts({ runpath: ["/a\n\tlibc.so.6 => /b (0x1)"] }));
    expect(strange?.error).toContain("control character");
    const [lavish] = await resolve(["fine"], someFacts({ needed: Array(100_000).fill("libx.so") }));
    expect(lavish?.error).toContain("100000 libraries");
  });

  test("900 libraries", async () => {
    await system.asRoot(`cd ${folder}; mkdir many; cd many; echo >e.c; gcc -shared -fPIC -nostdlib -o one e.c
      for n in $(seq 900); do cp one lib$n.so; done
      gcc -o ../many-program -x c - -Wl,--no-as-needed $(seq -f '-l:lib%g.so' 900) -L. "-Wl,-rpath,$PWD" <<'E'
int main(void) { return 0; }
E
      chmod -R a+rX ..`);
    const [all] = await resolve(["many-program"]);
    expect(all).toMatchObject({ missing: [], error: null });
    expect(all?.libraries).toHaveLength(902);
  });

  test("a file that makes the loader hang holds up none of the others", async () => {
    await system.asRoot(`cd ${folder}; mkdir hang; echo 'int h(void) { return 1; }' >h.c
      gcc -shared -fPIC -o hang/libh.so -Wl,-soname,libh.so h.c
      echo 'int h(void); int main(void) { return h(); }' >hm.c; gcc -o hangs hm.c hang/libh.so "-Wl,-rpath,$PWD/hang"
      rm hang/libh.so; mkfifo hang/libh.so; chmod a+r hang/libh.so; cp hangs hangs-too
      gcc -o plain -x c - <<'E'
int main(void) { return 0; }
E
      chmod a+rX . *`);
    const [hangs, plain] = await resolve(["hangs", "plain"]);
    expect(hangs?.error).toBe("the loader did not answer in time");
    expect(plain).toMatchObject({ missing: [], error: null });
    expect(plain?.libraries).toHaveLength(2);
  });

  test("musl's loader, for programs that name it", async () => {
    await system.asRoot(`cd ${folder}; echo 'int main(void) { return 0; }' >p.c; musl-gcc -o musl p.c
      echo 'int g(void) { return 1; }' >g.c; gcc -shared -fPIC -nostdlib -o libg.so -Wl,-soname,libg.so g.c
      echo 'int g(void); int main(void) { return g(); }' >q.c; musl-gcc -o musl-missing q.c libg.so; rm libg.so; chmod -R a+rX .`);
    const [fine, missing] = await resolve(["musl", "musl-missing"]);
    expect(fine).toMatchObject({ missing: [], error: null, loader: "/lib/ld-musl-x86_64.so.1" });
    expect(missing).toMatchObject({ missing: ["libg.so"], error: null });
  });

  test("1,000 different questions within 1.5 s, or on a busy machine no more than a plain loop takes", async () => {
    await system.asRoot(
      `mkdir ${folder}/thousand; for n in $(seq 1000); do cp /bin/true ${folder}/thousand/$n; done; chmod -R a+rX ${folder}/thousand`,
    );
    const files = Array.from({ length: 1000 }, (_, index) => ({
      path: `${folder}/thousand/${index + 1}`,
      facts: someFacts({ needed: ["libc.so.6"] }),
    }));
    const times: number[] = [];
    for (let round = 0; round < 3; round++) {
      const start = performance.now();
      const resolutions = await resolveLibraries(system.ask, files);
      times.push(performance.now() - start);
      const answers = [...resolutions.values()];
      expect(answers).toHaveLength(1000);
      expect(answers.every((one) => one.error === null && one.libraries.length === 2)).toBe(true);
    }
    const start = performance.now();
    const loop = `for file in ${folder}/thousand/*; do LD_TRACE_LOADED_OBJECTS=1 ${loader} $file; done`;
    await system.asRoot(`${loop} | wc -l`);
    const plain = performance.now() - start;
    const shown = times.map((time) => time.toFixed(0)).join(", ");
    process.stdout.write(`1,000 questions: ${shown} ms; a plain loop: ${plain.toFixed(0)} ms\n`);
    expect(Math.min(...times)).toBeLessThan(Math.max(1500, plain));
  });

  test("owners that the index does not have are asked of dpkg; /usr/local is nobody's", async () => {
    await system.asRoot("cp /lib/x86_64-linux-gnu/libz.so.1 /usr/local/lib/libz.so.1");
    const index = await ownerIn(system);
    const paths = [
      "/usr/bin/curl",
      "/usr/bin/dash",
      "/usr/local/lib/libz.so.1",
      "/no/such/*",
      "/usr/bin/cur*",
    ];
    expect(paths.map((path) => index.ownerOf(path))).toEqual(paths.map(() => null));
    await confirmOwners(system.ask, index, paths);
    expect(paths.map((path) => index.ownerOf(path)?.package)).toEqual([
      "curl",
      "dash",
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("the least versions are those of dpkg-shlibdeps", async () => {
    const programs =
      await system.asRoot(`mkdir -p ${folder}/real; for name in bash curl tar gzip perl python3.11 dpkg apt xz make as ld readelf g++ sed; do cp "$(command -v $name)" ${folder}/real; done
      cp /usr/lib/x86_64-linux-gnu/libssl.so.3 /usr/lib/x86_64-linux-gnu/libcurl.so.4 /usr/lib/x86_64-linux-gnu/libstdc++.so.6 /usr/lib/x86_64-linux-gnu/libapt-pkg.so.6.0 ${folder}/real
      chmod -R a+rX ${folder}/real
      mkdir -p /tmp/work/debian; cd /tmp/work; printf 'Source: x\\n\\nPackage: x\\nArchitecture: any\\n' >debian/control
      for file in ${folder}/real/*; do echo "$file $(dpkg-shlibdeps --ignore-missing-info -O "$file" 2>/dev/null | sed 's/^shlibs:Depends=//')"; done`);
    const index = await ownerIn(system);
    const compared: string[] = [];
    for (const line of programs.split("\n")) {
      const path = line.slice(0, line.indexOf(" "));
      const relations = line.slice(path.length + 1);
      const source = bytesOf(readFileSync(path));
      const facts = readElf(source);
      const resolution = (await resolveLibraries(system.ask, [{ path, facts }])).get(path);
      const needed = (resolution?.libraries ?? []).filter(({ soname }) => facts.needed.includes(soname));
      const minima = await minimumVersions(system.ask, index, [
        { needed, symbols: undefinedSymbols(source) },
      ]);
      const ours = [...minima].map(([name, version]) =>
        version === null ? name : `${name} (>= ${version})`,
      );
      expect(`${path}: ${ours.sort().join(", ")}`).toBe(`${path}: ${lowest(relations)}`);
      compared.push(path);
    }
    expect(compared.length).toBeGreaterThanOrEqual(15);
  });

  test("a diverted library belongs to its package, what lies in its place to none", async () => {
    const place = await system.asRoot("readlink -f /usr/lib/x86_64-linux-gnu/libexpat.so.1");
    await system.asRoot(`listed=$(dpkg-query -L libexpat1 | grep '/libexpat.so.1\\.')
      dpkg-divert --quiet --local --rename --divert "\${listed%/*}/moved.so.1" --add "$listed"; cp ${place.replace(/[^/]*$/, "moved.so.1")} ${place}`);
    await system.asRoot(apt.indexScript());
    const index = await ownerIn(system);
    await confirmOwners(system.ask, index, [place]);
    expect(index.ownerOf(place)).toBeNull();
    expect(index.ownerOf(place.replace(/[^/]*$/, "moved.so.1"))?.package).toBe("libexpat1");
  });
});

describe("RPM", () => {
  let folder: string;
  let system: SystemContainer;
  /** Debian's rpm, with a database of packages that own copies of libraries. */
  beforeAll(async () => {
    folder = sharedFolder();
    system = await systemContainer(["rpm", "gcc", "libc6-dev"], folder);
    // Debian's rpm keeps its database in the user's home, others in a place that all may read.
    await system.asRoot(`mkdir -p /etc/rpm; echo '%_dbpath /var/lib/rpm' >/etc/rpm/macros
      mkdir /tmp/rpm; cd /tmp/rpm; cat >x.spec <<'E'
Name: greeting
Epoch: 2
Version: 1.2
Release: 3.el9
Summary: x
License: MIT
Requires: greeting-libs = %{epoch}:%{version}-%{release}, /usr/bin/greet
%description
x
%package libs
Summary: x
Provides: bundled(foo)
%description libs
x
%package -n othername
Epoch: 7
Version: 9
Summary: x
%description -n othername
x
%install
mkdir -p %{buildroot}/usr/lib64 %{buildroot}/usr/bin %{buildroot}/lib64 %{buildroot}/opt
cp /usr/lib/x86_64-linux-gnu/libz.so.1.* %{buildroot}/usr/lib64/libgreet.so.1.0
ln -s libgreet.so.1.0 %{buildroot}/usr/lib64/libgreet.so.1
echo '!<arch>' >%{buildroot}/usr/lib64/libgreet.a
echo x >%{buildroot}/lib64/libalias.so
echo x >%{buildroot}/opt/plugin
echo x >%{buildroot}/usr/bin/greet
%files
/usr/bin/greet
%files libs
/usr/lib64/libgreet.so.1.0
/usr/lib64/libgreet.so.1
/lib64/libalias.so
/opt/plugin
%files -n othername
/usr/lib64/libgreet.a
E
      rpmbuild -bb --define "_topdir $PWD" x.spec >log 2>&1 || { cat log; exit 1; }
      rpm -U --nodeps --force RPMS/*/*.rpm 2>&1`);
    await system.asRoot(libraryIndexScript("rpm", rpmListing));
  });
  afterAll(async () => {
    await system.remove();
    rmSync(folder, { recursive: true });
  });

  test("owners, as rpm -qf names them", async () => {
    const index = await ownerIn(system);
    const paths = ["/usr/lib64/libgreet.so.1.0", "/usr/lib64/libgreet.a", "/usr/lib64/libalias.so"];
    const theirs = await system.asRoot(
      `rpm -qf --qf '%{NAME} %{ARCH} %{EPOCH}:%{VERSION}-%{RELEASE}\n' ${paths.join(" ")}`,
    );
    const owners = paths.map((path) => index.ownerOf(path));
    expect(owners.map((one) => `${one?.package} ${one?.arch} ${one?.version}`).join("\n")).toBe(theirs);
    expect(owners[0]).toMatchObject({
      package: "greeting-libs",
      source: "greeting",
      sourceVersion: "2:1.2-3.el9",
    });
    // A version of its own: then its epoch is not its source's.
    expect(owners[1]).toMatchObject({ package: "othername", source: "greeting", sourceVersion: "1.2-3.el9" });
  });

  test("what the index does not have is asked of rpm", async () => {
    const index = await ownerIn(system);
    const paths = ["/opt/plugin", "/usr/bin/gcc", "/no/such"];
    await confirmOwners(system.ask, index, paths);
    expect(paths.map((path) => index.ownerOf(path)?.package)).toEqual([
      "greeting-libs",
      undefined,
      undefined,
    ]);
  });

  test("what packages lead to; and no least versions, as packages say none", async () => {
    const index = await ownerIn(system);
    expect([...index.leadsTo(["greeting"])].sort()).toEqual(["greeting", "greeting-libs"]);
    const needed = [{ soname: "libgreet.so.1", realPath: "/usr/lib64/libgreet.so.1.0" }];
    expect(await minimumVersions(system.ask, index, [{ needed, symbols: [] }])).toEqual(
      new Map([["greeting-libs", null]]),
    );
  });
});
