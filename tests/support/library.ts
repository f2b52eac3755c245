/** A library of our own as Debian would package it: releases that patch it, and one with another soname. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestPackage } from "./repository.ts";
import { must } from "./run.ts";

/** A release of libfoo. */
export interface Release {
  /** What `foo_version()` returns, and the version of its packages. */
  version: string;
  /** Number in its soname. */
  number: number;
  /** Whether it has `foo_added()`. */
  added: boolean;
}

/** Compiles the releases in a container of `image`, which has gcc; `folder` is for its files. */
export async function compileLibraries(image: string, folder: string, releases: Release[]): Promise<void> {
  const commands = releases.map(
    ({ version, number, added }) => `{
      echo 'const char *foo_version(void) { return "${version}"; }'
      ${added ? "echo 'int foo_added(void) { return 1; }'" : ":"}
    } | gcc -shared -fPIC -nostdlib -x c - -Wl,-soname,libfoo.so.${number} -o /out/libfoo-${version}.so`,
  );
  const script = `${commands.join("\n")}\nchmod a+r /out/*`;
  await must("docker", [
    "run",
    "--rm",
    "--network",
    "none",
    "--volume",
    `${folder}:/out`,
    image,
    "sh",
    "-ec",
    script,
  ]);
}

/** The packages of a release that was compiled: the library, and what compiles against it. */
export async function libraryPackages(folder: string, release: Release): Promise<TestPackage[]> {
  const { version, number, added } = release;
  const architecture = await must("dpkg", ["--print-architecture"]);
  const name = `libfoo${number}`;
  const soname = `libfoo.so.${number}`;
  const common = { version, architecture };
  const symbols = [
    `${soname} ${name} #MINVER#`,
    ` foo_version@Base ${number}.0`,
    ...(added ? [` foo_added@Base ${number}.1`] : []),
  ];
  const library: TestPackage = {
    ...common,
    name,
    fields: {
      Source: "foo",
      "Multi-Arch": "same",
      // As one that takes the place of the other: they do not go together.
      ...(number > 1 ? { Conflicts: `libfoo${number - 1}`, Replaces: `libfoo${number - 1}` } : {}),
    },
    control: { symbols: `${symbols.join("\n")}\n` },
    postinst: "ldconfig",
    files: {
      [`usr/lib/libfoo-${version}.so`]: readFileSync(join(folder, `libfoo-${version}.so`)),
      [`usr/lib/${soname}`]: { link: `libfoo-${version}.so` },
    },
  };
  const development: TestPackage = {
    ...common,
    name: "libfoo-dev",
    depends: `${name} (= ${version})`,
    fields: { Source: "foo" },
    files: { "usr/lib/libfoo.so": { link: soname } },
  };
  return [library, development];
}
