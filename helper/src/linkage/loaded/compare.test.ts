/** What is loaded, by whom, and whose business it is. The paths are those of Debian. */
import { otherLibrary, report, reportFile, systemLibrary } from "../../../testing/reports.ts";
import { compare, type Observations, programsOnlySampled } from "./compare.ts";
import type { Image } from "./loader-log.ts";
import { Reported } from "./reported.ts";

const lib = "/usr/lib/x86_64-linux-gnu";
const store = "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-tally";
const libc = `${lib}/libc.so.6`;
const python = "/usr/bin/python3.11";

const tally = report(
  [
    reportFile("bin/tally", [systemLibrary("zlib1g"), systemLibrary("libc6")], {
      type: "executable",
      interpreter: "/lib64/ld-linux-x86-64.so.2",
      dlopen: [{ sonames: ["libzstd.so.1"], feature: null, description: null, priority: null }],
    }),
  ],
  [],
);

function image(program: string, initial: string[], opened: [name: string, root?: string][] = []): Image {
  const entries = opened.map(([name, root]): [string, string] => [name, root ?? name]);
  return { pid: 7, program, initial: new Set(initial), opened: new Map(entries) };
}

/** Owned by a package of the folder's or library's name, everything but /usr/local and /opt. */
function ownerOf(path: string) {
  const source = /\/(gconv|libc\b|libm\b|ld-linux)/.test(path)
    ? "glibc"
    : /ossl|ssl|crypto/.test(path)
      ? "openssl"
      : path;
  return { package: source, arch: "amd64", version: "1", source, sourceVersion: "1" };
}

function observe(images: Image[], more: Partial<Observations> = {}) {
  const samples = more.samples ?? [];
  const files = [
    ...images.flatMap(({ initial, opened }) => [...initial, ...opened.keys()]),
    ...samples.flatMap(({ mapped }) => [...mapped]),
  ];
  const owned = files.filter((file) => file.startsWith("/usr/") && !file.startsWith("/usr/local/"));
  const sameSystem = more.sameSystem ?? true;
  const { libraries } = compare({
    images,
    samples,
    real: new Map([["python3", python]]),
    linked: new Map(),
    owners: new Map(owned.map((file) => [file, ownerOf(file)])),
    placeOf: (file) =>
      file.startsWith("/nix/") ? "package" : file.startsWith("/build/") ? "test" : "system",
    reported: new Reported([tally], sameSystem),
    sameSystem,
    ...more,
  });
  return libraries;
}

/** Path → status. */
function statuses(images: Image[], more: Partial<Observations> = {}): Record<string, string> {
  return Object.fromEntries(observe(images, more).map(({ path, status }) => [path, status]));
}

describe("a program of the package", () => {
  const started = [`${lib}/libz.so.1`, libc, "/lib64/ld-linux-x86-64.so.2"];

  test("what it links to is reported", () => {
    const found = statuses([image(`${store}/bin/tally`, started)]);
    expect(found).toEqual(Object.fromEntries(started.map((path) => [path, "reported"])));
  });

  test("what it opens is not, unless its file says so", () => {
    const opened: [string][] = [[`${lib}/libcrypto.so.3`], [`${lib}/libzstd.so.1`], [`${store}/lib/own.so`]];
    const found = statuses([image(`${store}/bin/tally`, started, opened)]);
    expect(found[`${lib}/libcrypto.so.3`]).toBe("unreported");
    expect(found[`${lib}/libzstd.so.1`]).toBe("reported");
    expect(found[`${store}/lib/own.so`]).toBe("package");
  });

  test("what an opened library needs is told with the reason", () => {
    const opened: [string, string?][] = [
      [`${lib}/libssl.so.3`],
      [`${lib}/libcrypto.so.3`, `${lib}/libssl.so.3`],
    ];
    const found = observe([image(`${store}/bin/tally`, started, opened)]);
    expect(found.find(({ path }) => path.endsWith("libcrypto.so.3"))).toEqual({
      path: `${lib}/libcrypto.so.3`,
      status: "unreported",
      package: "openssl",
      version: "1",
      source: "openssl",
      how: "open",
      openedFor: `${lib}/libssl.so.3`,
      programs: [`${store}/bin/tally`],
    });
  });

  test("another file of a reported soname is another library", () => {
    const found = statuses([image(`${store}/bin/tally`, ["/opt/evil/libz.so.1", libc])]);
    expect(found).toEqual({ "/opt/evil/libz.so.1": "unreported", [libc]: "reported" });
  });

  test("a plug-in of a library that it links to is the system's business", () => {
    const found = statuses([image(`${store}/bin/tally`, started, [[`${lib}/gconv/UTF-16.so`]])]);
    expect(found[`${lib}/gconv/UTF-16.so`]).toBe("system");
  });

  test("a plug-in of something else is not", () => {
    const found = statuses([image(`${store}/bin/tally`, started, [[`${lib}/sasl2/libplain.so`]])]);
    expect(found[`${lib}/sasl2/libplain.so`]).toBe("unreported");
  });

  test("named by a relative path, it is still known", () => {
    const found = statuses([image("./tally", [...started, `${lib}/libpreloaded.so`])]);
    expect(found[`${lib}/libpreloaded.so`]).toBe("unreported");
  });
});

describe("on another system", () => {
  test("a soname does, and libraries may need others there", () => {
    const started = [`${lib}/zlib-ng/libz.so.1`, `${lib}/libnew.so.2`, "/opt/x.so", libc];
    expect(statuses([image(`${store}/bin/tally`, started)], { sameSystem: false })).toEqual({
      [`${lib}/zlib-ng/libz.so.1`]: "reported",
      [`${lib}/libnew.so.2`]: "system",
      "/opt/x.so": "unreported",
      [libc]: "reported",
    });
  });
});

describe("a program of the system", () => {
  const plugin = "/usr/lib/python3.11/lib-dynload/_ssl.so";

  test("its own libraries and plug-ins are the system's, whatever they need", () => {
    const images = [image("python3", [libc, `${lib}/libm.so.6`], [[plugin], [`${lib}/libssl.so.3`, plugin]])];
    expect(statuses(images)).toEqual({
      [libc]: "reported",
      [`${lib}/libm.so.6`]: "system",
      [plugin]: "system",
      [`${lib}/libssl.so.3`]: "system",
    });
  });

  test("a library that is opened by name was asked for by somebody: ctypes", () => {
    const found = statuses([image("python3", [libc], [[plugin], [`${lib}/libcrypt.so.1`]])]);
    expect(found[`${lib}/libcrypt.so.1`]).toBe("unreported");
  });

  test("what an extension module of the package needs must be reported", () => {
    const own = `${store}/ext.so`;
    const found = statuses([
      image("python3", [libc], [[own], [`${lib}/libz.so.1`, own], [`${lib}/libcrypto.so.3`, own]]),
    ]);
    expect(found).toMatchObject({
      [own]: "package",
      [`${lib}/libz.so.1`]: "reported",
      [`${lib}/libcrypto.so.3`]: "unreported",
    });
  });

  test("a plug-in that no package owns is told", () => {
    const found = statuses([image("python3", [libc], [["/usr/local/lib/python3.11/x.so"]])]);
    expect(found["/usr/local/lib/python3.11/x.so"]).toBe("unreported");
  });

  test("the worst that is said of a library counts, and only who did it is named", () => {
    const crypt = `${lib}/libcrypt.so.1`;
    const perl = image("/usr/bin/perl", [libc, crypt]);
    const found = observe([perl, image("python3", [libc], [[crypt]])]).find(({ path }) => path === crypt);
    expect(found).toMatchObject({ status: "unreported", how: "open", programs: [python] });
  });
});

describe("processes that were only seen", () => {
  const sample = (program: string, mapped: string[]) => ({
    pid: 50,
    programs: new Set([program]),
    mapped: new Set([program, ...mapped]),
  });

  test("what the loader did not write down is told, with what is known to be linked left out", () => {
    const linked = new Map([["/usr/bin/perl", new Set([libc, `${lib}/libcrypt.so.1`])]]);
    const samples = [sample("/usr/bin/perl", [libc, `${lib}/libcrypt.so.1`, `${lib}/libhidden.so.1`])];
    const found = observe([], { samples, linked });
    expect(found.map(({ path, how, status }) => [path, how, status])).toEqual([
      [`${lib}/libhidden.so.1`, "map", "unreported"],
    ]);
    expect(programsOnlySampled([], samples, new Map())).toEqual(["/usr/bin/perl"]);
  });

  test("a child of a program that is known has what that one has", () => {
    const samples = [sample(python, [libc, `${lib}/libssl.so.3`])];
    const images = [
      image("python3", [libc], [[`${lib}/engines/x.so`], [`${lib}/libssl.so.3`, `${lib}/engines/x.so`]]),
    ];
    expect(observe(images, { samples }).filter(({ how }) => how === "map")).toEqual([]);
    expect(programsOnlySampled(images, samples, new Map([["python3", python]]))).toEqual([]);
  });

  test("what a process had of its parent's, before it became a program, is that one's", () => {
    const [dash, awk] = ["/usr/bin/dash", "/usr/bin/mawk"];
    const parent = { ...sample(dash, [dash, libc, `${lib}/libhand.so.1`]), pid: 5 };
    // Its maps were read when it was a copy of dash, and what it runs a moment later.
    const child = { ...sample(awk, [dash, libc, `${lib}/libhand.so.1`, `${lib}/libown.so.1`]), pid: 6 };
    const linked = new Map([dash, awk].map((program) => [program, new Set([libc])]));
    const found = observe([], { samples: [parent, child], linked });
    expect(found.map(({ path, programs }) => [path, programs])).toEqual([
      [`${lib}/libhand.so.1`, [dash]],
      [`${lib}/libown.so.1`, [awk]],
    ]);
  });

  test("a file that was mapped by hand in a program that is known is told", () => {
    const samples = [{ ...sample(python, [libc, `${lib}/libhand.so.1`]), pid: 7 }];
    expect(statuses([image("python3", [libc])], { samples })[`${lib}/libhand.so.1`]).toBe("unreported");
  });
});

test("a report that names no file for a soname has to be believed", () => {
  const missing = report([reportFile("a", [otherLibrary("libgone.so.1", "unresolved", null)])], []);
  const reported = new Reported([missing], true);
  expect(reported.has("/usr/lib/libgone.so.1.2", "/usr/lib/libgone.so.1")).toBe(true);
  expect(reported.has("/usr/lib/libother.so.1", null)).toBe(false);
});
