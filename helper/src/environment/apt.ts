/** apt and dpkg: Debian, Ubuntu and their derivatives. */
import { readFileSync } from "node:fs";
import { messageOf, VoyagerError } from "../common/errors.ts";
import { nearest } from "../common/nearest.ts";
import { quoteWord } from "../common/shell.ts";
import type { Repository, System } from "../spec/spec.ts";
import { parseDpkgPackages } from "./dpkg-packages.ts";
import { dpkgListing } from "./dpkg-index.ts";
import { libraryIndexScript } from "./library-index.ts";
import { keepKept, keptFunctions, takeKept } from "./kept-packages.ts";
import { archivesFolder, type PackageManager, type SetupFile, scratchFolder } from "./package-manager.ts";
import { parseOsRelease, splitSections } from "./record.ts";
import {
  aheadFolder,
  programsFolder,
  startUnpackingAhead,
  stopUnpackingAhead,
  unpackAheadFiles,
} from "./unpack-ahead.ts";

const keyringFolder = "etc/apt/keyrings";

function readStoreFile(path: string, what: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new VoyagerError("spec", `cannot read ${what} ${path}`, {
      why: messageOf(error),
      remedy: "the user that makes the environment must be able to read it; a file of the Nix store is",
    });
  }
}

function isArmored(key: Buffer): boolean {
  return key.toString("latin1").includes("-----BEGIN PGP PUBLIC KEY BLOCK-----");
}

/** The repository as a deb822 source (sources.list(5)), with its key beside it. */
function repositoryFiles(repository: Repository): SetupFile[] {
  const files: SetupFile[] = [];
  const lines = ["Types: deb", `URIs: ${repository.uri}`, `Suites: ${repository.suites.join(" ")}`];
  if (repository.components.length > 0) {
    lines.push(`Components: ${repository.components.join(" ")}`);
  }
  if (repository.key !== null) {
    const key = readStoreFile(repository.key, `the key of repository '${repository.name}'`);
    // apt tells the two formats apart by their ending.
    const path = `${keyringFolder}/${repository.name}.${isArmored(key) ? "asc" : "gpg"}`;
    files.push({ path, content: key, mode: 0o644 });
    lines.push(`Signed-By: /${path}`);
  }
  files.push({
    path: `etc/apt/sources.list.d/nix-voyager-${repository.name}.sources`,
    content: `${lines.join("\n")}\n`,
    mode: 0o644,
  });
  return files;
}

function configuration(system: System): string {
  const lines = [
    // Without it `apt-get update` succeeds although an index could not be read.
    'APT::Update::Error-Mode "any";',
    'APT::Install-Recommends "false";',
    'APT::Get::Assume-Yes "true";',
    // A name is a name: not a regular expression, and not with a mark that removes a package.
    'APT::Cmd::Pattern-Only "true";',
    'APT::Get::Remove "false";',
    'Acquire::Languages "none";',
    'Acquire::Retries "2";',
    'Dpkg::Use-Pty "0";',
    'quiet "1";',
    // Some images' own configuration empties the usual folder whenever dpkg has run.
    `Dir::Cache::archives "${archivesFolder}/";`,
    'APT::Keep-Downloaded-Packages "true";',
    `DPkg::Path "${programsFolder}:/usr/sbin:/usr/bin:/sbin:/bin";`,
    // The container is thrown away when it fails, so nothing has to survive a crash.
    'Dpkg::Options { "--force-unsafe-io"; "--force-confdef"; "--force-confold"; };',
  ];
  const { proxy, certificates } = system;
  if (proxy?.http) lines.push(`Acquire::http::Proxy "${proxy.http}";`);
  if (proxy?.https) lines.push(`Acquire::https::Proxy "${proxy.https}";`);
  for (const host of proxy?.noProxy?.split(",") ?? []) {
    lines.push(`Acquire::http::Proxy::${host.trim()} "DIRECT";`);
    lines.push(`Acquire::https::Proxy::${host.trim()} "DIRECT";`);
  }
  if (certificates.length > 0) {
    lines.push(`Acquire::https::CAInfo "${scratchFolder}/certificates.pem";`);
  }
  return `${lines.join("\n")}\n`;
}

function proxyVariables(system: System): string {
  const { http, https, noProxy } = system.proxy ?? { http: null, https: null, noProxy: null };
  return Object.entries({ http_proxy: http, https_proxy: https, no_proxy: noProxy })
    .filter((entry): entry is [string, string] => entry[1] !== null)
    .map(([name, value]) => `export ${name}=${quoteWord(value)}\n`)
    .join("");
}

/** Start of every script that changes what is installed: apt as `files` configures it. */
export function preamble(system: System): string {
  return `set -eu
export DEBIAN_FRONTEND=noninteractive APT_CONFIG=${scratchFolder}/apt.conf
${proxyVariables(system)}mkdir -p ${archivesFolder}/partial ${aheadFolder}
cat /etc/ssl/certs/ca-certificates.crt /usr/local/share/ca-certificates/nix-voyager-*.crt \\
  >${scratchFolder}/certificates.pem 2>/dev/null || :
`;
}

/** Runs the system's own script, as the first layer on a base image does. */
export const runSetup = `if [ -s ${scratchFolder}/setup ]; then sh -e ${scratchFolder}/setup; fi`;

/** End of every such script: nothing of ours stays, and builds find the folders that they mount on. */
export const cleanup = `apt-get clean
if command -v update-ca-certificates >/dev/null; then update-ca-certificates >/dev/null 2>&1 || :; fi
rm -rf ${scratchFolder} /usr/sbin/policy-rc.d
mkdir -p /build /nix/store
`;

/** Format of dpkg-query: what the record holds of each package. */
const recordFields = [
  "db:Status-Abbrev",
  "Package",
  "Version",
  "Architecture",
  "source:Package",
  "source:Version",
]
  .map((field) => `\${${field}}`)
  .join("\\t")
  .concat("\\n");

export const apt: PackageManager = {
  files(system) {
    const scratch = scratchFolder.slice(1);
    return [
      { path: `${scratch}/apt.conf`, content: configuration(system), mode: 0o644 },
      { path: `${scratch}/setup`, content: system.setup, mode: 0o755 },
      // Services must not be started by what is installed (invoke-rc.d's policy).
      { path: "usr/sbin/policy-rc.d", content: "#!/bin/sh\nexit 101\n", mode: 0o755 },
      ...unpackAheadFiles,
      ...system.repositories.flatMap(repositoryFiles),
      ...system.certificates.map((path, index) => ({
        path: `usr/local/share/ca-certificates/nix-voyager-${index}.crt`,
        content: readStoreFile(path, "certificate"),
        mode: 0o644,
      })),
    ];
  },

  installScript(system, packages, first) {
    const install = `apt-get install -- ${packages.map(quoteWord).join(" ")}`;
    return `${preamble(system)}${keptFunctions}
install_packages() { ${packages.length > 0 ? `${takeKept(packages)}; ${install}` : ":"}; }
${startUnpackingAhead(archivesFolder)}
if ${first ? "true" : "false"}; then
  ${runSetup}
  apt-get update
  apt-get upgrade --with-new-pkgs
  install_packages
else
  # The lists are as old as the layer below: a package may have left the repository since.
  install_packages || { apt-get update; install_packages; }
fi
${stopUnpackingAhead}
${keepKept}
${cleanup}`;
  },

  indexScript: () => libraryIndexScript("deb", dpkgListing),

  recordScript() {
    return `set -eu
echo '@@ packages'
dpkg-query -W -f '${recordFields}'
printf '\\n@@ os-release\\n'; cat /etc/os-release
printf '\\n@@ passwd\\n'; cat /etc/passwd
printf '\\n@@ group\\n'; cat /etc/group
`;
  },

  parseRecord(output) {
    const sections = splitSections(output);
    const packages = parseDpkgPackages(sections.packages ?? "");
    return {
      osRelease: parseOsRelease(sections["os-release"] ?? ""),
      packages,
      passwd: sections.passwd ?? "",
      group: sections.group ?? "",
    };
  },

  namesScript: () => "apt-cache pkgnames",

  candidatesScript: "xargs -r apt-cache policy 2>/dev/null",

  parseCandidates(output) {
    const versions = new Map<string, string>();
    let name = "";
    for (const line of output.split("\n")) {
      name = /^(\S+):$/.exec(line)?.[1] ?? name;
      const version = /^ {2}Candidate: (\S+)$/.exec(line)?.[1];
      if (version && version !== "(none)") versions.set(name, version);
    }
    return versions;
  },

  async explainFailure(system, output, names) {
    const unknown = [
      ...output.matchAll(/^E: (?:Unable to locate package|Package '?) ?([^\s']+)/gm),
      ...output.matchAll(/^E: Couldn't find any package by (?:glob|regex) '([^']+)'/gm),
    ].map((match) => match[1] ?? "");
    const complaints = output
      .split("\n")
      .filter((line) => /^(E|W|Err)[: ]/.test(line) || /dpkg: error |script subprocess returned/.test(line));
    if (/No space left on device|n.t have enough free space|not enough free disk space/i.test(output)) {
      return new VoyagerError("environment", `the engine's disk is full: ${system.name} could not be made`, {
        why:
          complaints.length > 0 ? complaints.join("\n") : output.trimEnd().split("\n").slice(-5).join("\n"),
        remedy:
          "`voyager environment prune` frees what old environments hold; `voyager doctor` shows the disks",
      });
    }
    if (/ is (not valid yet|expired) \(invalid /.test(output)) {
      return new VoyagerError("environment", `a repository of ${system.name} is from another time`, {
        why: complaints.join("\n"),
        remedy:
          "set the clock of the engine's machine (`voyager doctor` compares it with ours); if it is right,\nthe mirror is out of date",
      });
    }
    if (
      /NO_PUBKEY|is not signed|invalid signature|BADSIG|EXPKEYSIG|NODATA|signatures? (was|were|could)/i.test(
        output,
      )
    ) {
      return new VoyagerError(
        "environment",
        `a repository of ${system.name} is not signed by a trusted key`,
        {
          why: complaints.join("\n"),
          remedy: "give the right public key: mkSystem { repositories = [ { …; key = ./key.asc; } ]; }",
        },
      );
    }
    if (
      /^(Err|E|W):.*(Failed to fetch|Could not (resolve|connect)|Connection|Temporary failure|404 |Certificate|does not have a Release file)/im.test(
        output,
      )
    ) {
      return new VoyagerError("environment", `a repository of ${system.name} cannot be read`, {
        why: complaints.join("\n"),
        remedy:
          "check its address and the network of containers; behind a proxy set mkSystem's `proxy`,\nwith a company's certificate authority `certificates`",
      });
    }
    if (unknown.length > 0) return unknownPackages(system, [...new Set(unknown)], await names());
    return new VoyagerError("environment", `the packages of ${system.name} could not be installed`, {
      why: complaints.length > 0 ? complaints.join("\n") : output.trimEnd().split("\n").slice(-20).join("\n"),
      // A script that reads an answer where nobody is to give one just fails; dpkg says no more.
      remedy: /script subprocess returned/.test(output)
        ? "the log above has what the script printed; if it asked a question: installation is never interactive,\nso preseed the answer in mkSystem's `setup` (debconf-set-selections)"
        : "the log above has all that the package manager printed",
    });
  },
};

function unknownPackages(system: System, unknown: string[], names: string[]): VoyagerError {
  const suggestions = unknown.map((name) => {
    const near = nearest(name, names);
    return near.length > 0
      ? `'${name}': did you mean ${near.map((one) => `'${one}'`).join(", ")}?`
      : `'${name}': the package index has nothing like it`;
  });
  const quoted = unknown.map((name) => `'${name}'`).join(", ");
  return new VoyagerError("environment", `${system.name} has no system package ${quoted}`, {
    why: suggestions.join("\n"),
    remedy: "correct systemBuildDependencies, or add the repository that has it",
  });
}
