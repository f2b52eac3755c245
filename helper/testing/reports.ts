/** Linkage reports as builds make them, written as data. */
import type {
  Library,
  Needed,
  Problem,
  Provider,
  Report,
  ReportFile,
  ReportPackage,
  Rule,
} from "../src/linkage/report.ts";

const nobody = { package: null, version: null, source: null };
/** Libraries of Debian 12, as a build there finds them. */
const debian: Record<string, [soname: string, source: string, version: string, least: string | null]> = {
  libc6: ["libc.so.6", "glibc", "2.36-9+deb12u10", "2.34"],
  libssl3: ["libssl.so.3", "openssl", "3.0.17-1~deb12u2", "3.0.0"],
  libffi8: ["libffi.so.8", "libffi", "3.4.4-1", "3.4"],
  zlib1g: ["libz.so.1", "zlib", "1:1.2.13.dfsg-1", "1:1.2.0"],
  "libgcc-s1": ["libgcc_s.so.1", "gcc-12", "12.2.0-14+deb12u1", "3.0"],
  "libstdc++6": ["libstdc++.so.6", "gcc-12", "12.2.0-14+deb12u1", "11"],
  libxml2: ["libxml2.so.2", "libxml2", "2.9.14+dfsg-1.3~deb12u2", "2.7.4"],
  libicu72: ["libicuuc.so.72", "icu", "72.1-3+deb12u1", null],
  liblzma5: ["liblzma.so.5", "xz-utils", "5.4.1-1", "5.1.1"],
  libzstd1: ["libzstd.so.1", "libzstd", "1.5.4+dfsg2-5", null],
  "libsqlite3-0": ["libsqlite3.so.0", "sqlite3", "3.40.1-2+deb12u1", "3.7"],
  libcurl4: ["libcurl.so.4", "curl", "7.88.1-10+deb12u12", "7.16.2"],
};

function owner(name: string): Provider {
  const [, source, version] = debian[name] ?? ["", name, "1.0-1"];
  return { kind: "system", package: name, version, source };
}

/** A library of a package of Debian. */
export function systemLibrary(name: string): Library {
  const soname = debian[name]?.[0] ?? `${name}.so.1`;
  return { soname, path: `/usr/lib/x86_64-linux-gnu/${soname}`, provider: owner(name) };
}

/** A library that is `kind` other than the system's. */
export function otherLibrary(soname: string, kind: Provider["kind"], path: string | null): Library {
  return { soname, path, provider: { kind, ...nobody } };
}

const symbols: Record<string, string[]> = {
  "libc.so.6": ["GLIBC_2.2.5", "GLIBC_2.4", "GLIBC_2.14", "GLIBC_2.34"],
  "libssl.so.3": ["OPENSSL_3.0.0"],
  "libffi.so.8": ["LIBFFI_BASE_8.0", "LIBFFI_CLOSURE_8.0"],
  "libstdc++.so.6": ["CXXABI_1.3", "GLIBCXX_3.4", "GLIBCXX_3.4.29"],
};

/** A file of the build. `needed` and what it needs in turn make the closure. */
export function reportFile(
  path: string,
  libraries: Library[],
  more: Partial<ReportFile> & { through?: Library[] } = {},
): ReportFile {
  const { through = [], ...rest } = more;
  const needed: Needed[] = libraries.map((one) => ({ ...one, symbolVersions: symbols[one.soname] ?? [] }));
  const closure = [...new Map([...libraries, ...through].map((one) => [one.soname, one])).values()];
  return {
    output: "out",
    path,
    type: "library",
    class: 64,
    machine: "x86_64",
    dynamic: true,
    buildId: "6a1f0c9be1a44b5c8d7b4e12f08d4f5f1c3b7a90",
    interpreter: null,
    soname: null,
    runpath: [],
    needed,
    dlopen: [],
    static: [],
    closure: closure.filter(({ provider }) => provider.kind !== "unresolved"),
    ...rest,
  };
}

/** A package's entry; what is known of Debian is filled in. */
export function reportPackage(name: string, more: Partial<ReportPackage> = {}): ReportPackage {
  const [soname, source, version, least] = debian[name] ?? [`${name}.so.1`, name, "1.0-1", null];
  return {
    name,
    version,
    arch: "amd64",
    source,
    sourceVersion: version,
    purl: `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=amd64&distro=debian-12`,
    direct: true,
    relation: "linked",
    minimumVersion: least,
    sonames: [soname],
    ...more,
  };
}

/** A report on Debian 12 that passes if it has no problems. */
export function report(files: ReportFile[], packages: ReportPackage[], more: Partial<Report> = {}): Report {
  const problems = more.problems ?? [];
  return {
    schema: "voyager-linkage/1",
    verdict: problems.length === 0 ? "pass" : "fail",
    problems,
    allowed: [],
    system: {
      name: "debian12",
      osRelease: {
        ID: "debian",
        NAME: "Debian GNU/Linux",
        PRETTY_NAME: "Debian GNU/Linux 12 (bookworm)",
        VERSION_ID: "12",
      },
      image: "debian:12-slim",
      arch: "amd64",
    },
    files,
    packages,
    ...more,
  };
}

/** The wheel of bcrypt 3.2.2: one extension module, two libraries of the system. */
export const bcryptReport: Report = report(
  [
    reportFile(
      "bcrypt-3.2.2-cp311-cp311-linux_x86_64.whl!/bcrypt/_bcrypt.abi3.so",
      [systemLibrary("libffi8"), systemLibrary("libc6")],
      { through: [systemLibrary("libgcc-s1")] },
    ),
  ],
  [
    reportPackage("libc6"),
    reportPackage("libffi8"),
    reportPackage("libgcc-s1", { direct: false, sonames: [], minimumVersion: null }),
  ],
);

function problem(file: string, soname: string | null, rule: Rule, message: string): Problem {
  return { file, soname, rule, message };
}

const libc = systemLibrary("libc6");
const storeLibrary = otherLibrary(
  "libfoo.so.1",
  "nix",
  "/nix/store/0c5b8ckx2yhq9l4lzpchmmq5hjqnh2nd-foo-1.0/lib/libfoo.so.1",
);
const lostLibrary = otherLibrary("libgone.so.4", "unresolved", null);
const ownZlib = otherLibrary("libz-8c6f.so.1.2.13", "output", "lib/app.libs/libz-8c6f.so.1.2.13");
const localLibrary = otherLibrary("libvendor.so.2", "system", "/usr/local/lib/libvendor.so.2.0.1");

/** One problem of each rule, and one that is allowed. */
export const failingReport: Report = report(
  [
    reportFile("bin/app", [ownZlib, systemLibrary("libssl3"), libc], {
      type: "executable",
      interpreter: "/lib64/ld-linux-x86-64.so.2",
      runpath: ["$ORIGIN/../lib/app.libs"],
    }),
    reportFile("bin/arm-helper", [], { type: "executable", machine: "aarch64", buildId: null }),
    reportFile("lib/app.libs/libz-8c6f.so.1.2.13", [libc], { soname: "libz-8c6f.so.1.2.13" }),
    reportFile("lib/app/fast.so", [storeLibrary, libc], {
      runpath: ["/nix/store/0c5b8ckx2yhq9l4lzpchmmq5hjqnh2nd-foo-1.0/lib"],
    }),
    reportFile("lib/app/pack.so", [libc], {
      static: [
        {
          archive: "/usr/lib/x86_64-linux-gnu/liblzma.a",
          provider: { ...owner("liblzma5"), package: "liblzma-dev" },
        },
        {
          archive: "/usr/lib/x86_64-linux-gnu/libsqlite3.a",
          provider: { ...owner("libsqlite3-0"), package: "libsqlite3-dev" },
        },
      ],
    }),
    reportFile("lib/app/plugin.so", [lostLibrary, systemLibrary("libcurl4"), libc], {
      through: [systemLibrary("libssl3"), systemLibrary("zlib1g"), systemLibrary("libzstd1")],
      dlopen: [
        {
          sonames: ["libp11-kit.so.0"],
          feature: "pkcs11",
          description: "Keys on smart cards",
          priority: "recommended",
        },
      ],
    }),
    reportFile("lib/app/vendor.so", [localLibrary, libc]),
    reportFile("lib/app/broken.so", [], { type: "other", dynamic: false, buildId: null }),
  ],
  [
    reportPackage("libc6"),
    reportPackage("libcurl4"),
    reportPackage("liblzma-dev", { version: "5.4.1-1", source: "xz-utils", relation: "static", sonames: [] }),
    reportPackage("libsqlite3-dev", {
      version: "3.40.1-2+deb12u1",
      source: "sqlite3",
      relation: "static",
      sonames: [],
    }),
    reportPackage("libssl3"),
    reportPackage("libzstd1", { direct: false, sonames: [] }),
    reportPackage("zlib1g", { relation: "bundled", sonames: ["libz-8c6f.so.1.2.13"], minimumVersion: null }),
  ],
  {
    problems: [
      problem(
        "bin/arm-helper",
        null,
        "architecture",
        "bin/arm-helper is for aarch64, but the system is x86_64",
      ),
      problem(
        "lib/app.libs/libz-8c6f.so.1.2.13",
        "libz-8c6f.so.1.2.13",
        "bundled",
        "lib/app.libs/libz-8c6f.so.1.2.13 is a copy of libz.so.1, which the system has in zlib1g 1:1.2.13.dfsg-1",
      ),
      problem(
        "lib/app/broken.so",
        null,
        "unreadable",
        "lib/app/broken.so is truncated: its section headers lie beyond its 4,096 bytes",
      ),
      problem(
        "lib/app/fast.so",
        "libfoo.so.1",
        "nix-store",
        "lib/app/fast.so needs libfoo.so.1 of /nix/store/0c5b8ckx2yhq9l4lzpchmmq5hjqnh2nd-foo-1.0",
      ),
      problem(
        "lib/app/pack.so",
        "liblzma.a",
        "static",
        "lib/app/pack.so has liblzma.a of liblzma-dev 5.4.1-1 linked into it",
      ),
      problem(
        "lib/app/plugin.so",
        "libcurl.so.4",
        "run-dependencies",
        "lib/app/plugin.so links to libcurl.so.4 of libcurl4, which systemRunDependencies (libssl3) does not lead to",
      ),
      problem(
        "lib/app/plugin.so",
        "libgone.so.4",
        "unresolved",
        "lib/app/plugin.so needs libgone.so.4, which the system's loader does not find",
      ),
      problem(
        "lib/app/vendor.so",
        "libvendor.so.2",
        "unowned",
        "lib/app/vendor.so needs libvendor.so.2, found at /usr/local/lib/libvendor.so.2.0.1, which no package owns",
      ),
    ],
    allowed: [
      {
        ...problem(
          "lib/app/pack.so",
          "libsqlite3.a",
          "static",
          "lib/app/pack.so has libsqlite3.a of libsqlite3-dev 3.40.1-2+deb12u1 linked into it",
        ),
        reason: "The index format is tied to this version; security reviews it each quarter (SEC-1182).",
      },
    ],
  },
);

/** A tree of `count` files in folders, which need what a real tree of that size does. */
export function bigReport(count: number): Report {
  const names = Object.keys(debian);
  const direct = new Set<string>(["libc6"]);
  const files = Array.from({ length: count }, (_unused, index) => {
    const group = index % 23;
    const own = [names[1 + (group % (names.length - 1))], names[1 + ((group * 5) % (names.length - 1))]];
    const used = [...new Set(own.filter((name) => name !== undefined))];
    for (const name of used) direct.add(name);
    const needed = [...used.map(systemLibrary), libc];
    if (index % 11 === 3) needed.unshift(otherLibrary("libcore.so.5", "output", "lib/libcore.so.5.0.0"));
    const folder = `lib/python3.11/site-packages/part${group}/${index % 4 === 0 ? "inner/" : ""}`;
    return reportFile(
      `${folder}module${String(index).padStart(4, "0")}.cpython-311-x86_64-linux-gnu.so`,
      needed,
      {
        buildId: (index + 0xabcdef).toString(16).padStart(40, "5f3e9a1c07"),
        through: names.slice(1 + (group % 4)).map(systemLibrary),
        runpath: index % 11 === 3 ? ["$ORIGIN/../../.."] : [],
      },
    );
  });
  files.push(reportFile("lib/libcore.so.5.0.0", [libc], { soname: "libcore.so.5" }));
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  const packages = names
    .toSorted()
    .map((name) => reportPackage(name, direct.has(name) ? {} : { direct: false, sonames: [] }));
  return report(files, packages);
}

const evil = `"><img src=x onerror="window.hurt=1"><script>window.hurt=2</script>'&amp;\n\u202egnp.so\u0000\u001b[31m`;

/** Names that would hurt a page, or a terminal, that prints them as they are. */
export const hostileReport: Report = report(
  [
    reportFile(
      `lib/${evil}`,
      [
        { ...systemLibrary("libc6"), soname: `libc${evil}` },
        otherLibrary("</title></style></script><svg onload=window.hurt=3>.so", "unresolved", null),
        otherLibrary("javascript:window.hurt=4", "nix", `/nix/store/${evil}`),
      ],
      {
        interpreter: evil,
        runpath: [evil],
        buildId: evil,
        soname: evil,
        machine: evil,
        dlopen: [{ sonames: [evil], feature: evil, description: evil, priority: evil }],
        static: [{ archive: `/usr/lib/${evil}.a`, provider: owner("libc6") }],
      },
    ),
  ],
  [reportPackage("libc6", { name: evil, version: evil, source: evil, minimumVersion: evil, purl: evil })],
  {
    problems: [problem(`lib/${evil}`, evil, "unresolved", evil)],
    allowed: [{ ...problem(`lib/${evil}`, evil, "static", evil), reason: evil }],
    system: { name: evil, osRelease: { ID: "debian", PRETTY_NAME: evil }, image: evil, arch: evil },
  },
);
