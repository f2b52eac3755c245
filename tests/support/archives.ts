/**
 * Debian before and after a security update, with what its archives have today: a base image of the
 * main archive alone, and the security archive that has a newer version of a library.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { compareDebianVersions } from "../../helper/src/common/debian-version.ts";
import { evaluate } from "./nix.ts";
import { must, run } from "./run.ts";
import { baseImage } from "./target.ts";

/** A library of which the security archive has a newer version than the main one. */
export interface SecurityUpdate {
  /** Name of the system: "debian12". */
  system: string;
  /** Package of the library: "libssl3". */
  library: string;
  /** Its version in the main archive. */
  older: string;
  /** Its version in the security archive. */
  newer: string;
  /** The two archives as lines of sources.list(5). */
  main: string;
  security: string;
}

/** Systems and what the library of OpenSSL is called there, by preference. */
const candidates: [system: string, library: string][] = [
  ["debian12", "libssl3"],
  // Its main archive is no longer changed, so the two always differ.
  ["debian11", "libssl1.1"],
  ["debian13", "libssl3t64"],
];

/**
 * Looks into the archives for an update of OpenSSL that is only in the security archive. After a point
 * release the main archive may have the newest version too: then another Debian is taken, and it is
 * said. Throws where no Debian has such an update.
 */
export async function findSecurityUpdate(): Promise<SecurityUpdate> {
  const refused: string[] = [];
  for (const [system, library] of candidates) {
    const found = await readArchives(system, library).catch((error: unknown) => String(error));
    if (typeof found === "string") refused.push(`${system}: ${found}`);
    else {
      if (refused.length > 0) {
        const why = refused.join("\n");
        process.stderr.write(`Patch day is shown with ${library} of ${system}, because of\n${why}\n`);
      }
      return found;
    }
  }
  throw new Error(
    `no archive has a security update of OpenSSL to show patch day with:\n${refused.join("\n")}`,
  );
}

/** The update, or why there is none. */
async function readArchives(system: string, library: string): Promise<SecurityUpdate | string> {
  const format = "deb $(REPO_URI) $(RELEASE) $(COMPONENT)";
  const output = await must("docker", [
    "run",
    "--rm",
    await baseImage(system),
    "sh",
    "-ec",
    `apt-get update -qq; apt-get indextargets --format '${format}' 'Created-By: Packages'; apt-cache madison ${library}`,
  ]);
  const lines = output.split("\n");
  const archive = (suite: RegExp) => lines.find((line) => line.startsWith("deb ") && suite.test(line)) ?? "";
  const version = (suite: RegExp) =>
    lines
      .find((line) => line.includes(" | ") && suite.test(line))
      ?.split("|")[1]
      ?.trim();
  const older = version(/ [a-z]+\/main /);
  const newer = version(/ [a-z]+-security\/main /);
  if (older === undefined || newer === undefined) {
    return `the archives do not both have ${library}: main ${older}, security ${newer}`;
  }
  if (compareDebianVersions(newer, older) <= 0) {
    return `the security archive has ${library} ${newer}, which is no newer than ${older} of the main one`;
  }
  const [main, security] = [archive(/ [a-z]+ main$/), archive(/ [a-z]+-security main$/)];
  return { system, library, older, newer, main, security };
}

/** As an expression, a system that knows the main archive only. */
export function mainOnly({ system, library, older, main }: SecurityUpdate): string {
  // Its name and set-up are the same in all runs, so that environments are reused while the version is.
  return `(let suite = systems.${system}.spec.image.bootstrap.suite; in systems.${system}.override {
    name = "test-main-only-${system}";
    image.bootstrap = { inherit suite; mirror = "${main}"; };
    setup = "# with ${library} ${older}";
  })`;
}

/** Has `voyager` make the base image of that system, unless the engine has it. Resolves with its name. */
export async function mainOnlyImage(
  voyager: string,
  update: SecurityUpdate,
  folder: string,
): Promise<string> {
  const spec = (await evaluate(`${mainOnly(update)}.spec`)) as { name: string };
  const file = join(folder, "main-only.json");
  writeFileSync(file, JSON.stringify(spec));
  const made = await run(voyager, ["image", "bootstrap", spec.name, "--file", file]);
  const tag = /base image (\S+): /.exec(made.stderr)?.[1];
  if (made.status !== 0 || !tag) throw new Error(made.stderr);
  return tag;
}
