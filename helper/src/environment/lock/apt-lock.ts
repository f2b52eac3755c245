/** System locks with apt and dpkg. */
import { quoteWord } from "../../common/shell.ts";
import { cleanup, preamble, runSetup } from "../apt.ts";
import { startUnpackingAhead, stopUnpackingAhead } from "../unpack-ahead.ts";
import { parseDpkgPackages } from "../dpkg-packages.ts";
import { splitSections } from "../record.ts";
import type { AvailablePackage, LockCommands } from "./lock-commands.ts";

/** Where apt keeps the package lists, and the prefix of source files that `files` in apt.ts writes. */
const lists = "/var/lib/apt/lists";
const ownSource = /\/nix-voyager-([a-z0-9-]+)\.sources:/;

/** The fields of each stanza of a control file (deb822), without those of several lines. */
function* stanzas(text: string): Generator<Record<string, string>> {
  for (const stanza of text.split(/\n{2,}/)) {
    const fields: Record<string, string> = {};
    for (const line of stanza.split("\n")) {
      const match = /^([A-Za-z0-9-]+): *(.*)$/.exec(line);
      if (match?.[1]) fields[match[1]] = match[2] ?? "";
    }
    if (fields.Package) yield fields;
  }
}

/** An index that apt has: its address as `apt-cache policy` prints it → what the lock calls it. */
function parseTargets(text: string): Map<string, string> {
  const targets = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [entry = "", site = "", release = "", component = "", origin = "", codename = ""] = line
      .split("\t")
      // apt leaves a variable as it is where it has no value: a flat repository has no component.
      .map((value) => (value.startsWith("$(") ? "" : value));
    if (site === "") continue;
    const own = ownSource.exec(entry)?.[1];
    const suite = codename || release;
    const place = component === "" ? suite : `${suite}/${component}`;
    const address = component === "" ? `${site} ${release}` : `${site} ${release}/${component}`;
    if (!targets.has(address)) targets.set(address, own ?? `${origin || "unknown"}:${place}`);
  }
  return targets;
}

/** The first repository of each version, in the order in which apt prefers them. */
function parsePolicy(text: string, targets: Map<string, string>, native: string): Map<string, string> {
  const found = new Map<string, string>();
  let name = "";
  let version = "";
  for (const line of text.split("\n")) {
    const header = /^(\S+):$/.exec(line)?.[1];
    if (header) name = header.includes(":") ? header : `${header}:${native}`;
    const heading = /^ (?:\*\*\*| {3}) (\S+) -?\d+$/.exec(line)?.[1];
    if (heading) version = heading;
    const source = /^ +-?\d+ (\S+) (\S+)(?: \S+)? Packages$/.exec(line);
    const repository = source && targets.get(`${source[1]} ${source[2]}`);
    const key = `${name}=${version}`;
    if (repository && !found.has(key)) found.set(key, repository);
  }
  return found;
}

export const aptLock: LockCommands = {
  startScript: (system, update) => `${preamble(system)}${runSetup}
${update ? "apt-get update\n" : ""}`,

  // Names that no list has are no error here: who asks sees that they are not in the answer.
  availableScript: "xargs -r apt-cache show 2>/dev/null || :",

  parseAvailable(output) {
    const packages: AvailablePackage[] = [];
    for (const fields of stanzas(output)) {
      const { Package, Version, Architecture, Filename, Size, SHA256 } = fields;
      // Without a file it is what dpkg has installed, not what a repository has.
      if (!Package || !Version || !Architecture || !Filename || !SHA256) continue;
      packages.push({
        name: Package,
        version: Version,
        arch: Architecture,
        file: Filename.replace(/^\.\//, ""),
        size: Number(Size),
        sha256: SHA256,
      });
    }
    return packages;
  },

  installedScript: `set -eu
format='$(SOURCESENTRY)\t$(SITE)\t$(RELEASE)\t$(COMPONENT)\t$(ORIGIN)\t$(CODENAME)'
echo '@@ architecture'; dpkg --print-architecture
printf '\\n@@ packages\\n'
dpkg-query -W -f '\${db:Status-Abbrev}\\t\${Package}\\t\${Version}\\t\${Architecture}\\t\${source:Package}\\t\${source:Version}\\n'
printf '\\n@@ targets\\n'; apt-get indextargets --format "$format" 'Created-By: Packages'
printf '\\n@@ policy\\n'; dpkg-query -W -f '\${Package}:\${Architecture}\\n' | xargs apt-cache policy
`,

  parseInstalled(output) {
    const sections = splitSections(output);
    const architecture = (sections.architecture ?? "").trim();
    const packages = parseDpkgPackages(sections.packages ?? "");
    const found = parsePolicy(sections.policy ?? "", parseTargets(sections.targets ?? ""), architecture);
    const repositories = new Map<string, string>();
    for (const { name, version, arch } of packages) {
      // apt counts what fits all architectures to the machine's own.
      const repository = found.get(`${name}:${arch === "all" ? architecture : arch}=${version}`);
      if (repository) repositories.set(`${name}:${arch}=${version}`, repository);
    }
    return { architecture, packages, repositories };
  },

  exactVersion: ({ name, version, arch }) => `${name}:${arch}=${version}`,

  // As root: the folder is ours alone, and apt would else only complain and do it as root, too.
  downloadScript: (system, folder) => `${preamble(system)}mkdir -p ${quoteWord(folder)}
cd ${quoteWord(folder)}
xargs -r apt-get -o APT::Sandbox::User=root download
`,

  // apt's own encoding of file names.
  downloadedName: ({ name, version, arch }) =>
    `${name}_${version.replaceAll("_", "%5f").replaceAll(":", "%3a")}_${arch}.deb`,

  installFilesScript: (system, folder, remove) => `${preamble(system)}
# Without lists apt has no choice but these files, whichever way they came here.
rm -rf ${lists}/*
${startUnpackingAhead(folder)}
set -- ${quoteWord(folder)}/*.deb
if [ -e "$1" ]; then
  apt-get install -o APT::Get::Remove=true -o APT::Get::Purge=true -o APT::Sandbox::User=root \\
    --allow-downgrades --allow-remove-essential --allow-change-held-packages "$@"
fi
# What the base image has and the lock has not; with what depends on it, all in one go.
for name in ${remove.map(quoteWord).join(" ")}; do
  status=$(dpkg-query -W -f '\${db:Status-Abbrev}' "$name" 2>/dev/null || :)
  case $status in ?[!n]*) superfluous="\${superfluous:-} $name" ;; esac
done
if [ -n "\${superfluous:-}" ]; then dpkg --force-remove-essential,remove-protected --purge $superfluous; fi
${stopUnpackingAhead}
${cleanup}`,
};
