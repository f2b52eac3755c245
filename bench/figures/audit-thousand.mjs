/** The audit of 1,000 ELF files, beside lddtree, which prints what each of them loads. */
import { auditSeconds } from "../audit-log.mjs";
import { run, shellLine } from "../command.mjs";
import { imageOf } from "../engine.mjs";
import { build, describe, freshBuildCommand, freshBuildLog, willDelete } from "../nix.mjs";

const files = 1000;
const system = `system = systems.debian12;
  systemBuildDependencies = [ "ffmpeg" "g++" "git" "pax-utils" "python3-dev" "samba-libs" ];
  linkage.allow = [ { file = "*"; reason = "copies of the system's files, to have many"; } ];`;

/** Programs and libraries of that system; converters of character sets all need the same, so none of them. */
const copyScript = String.raw`cd /
find usr/bin usr/sbin usr/lib usr/libexec -xdev -type f -size +5k -size -3000k -not -path '*/gconv/*' |
  LC_ALL=C sort |
  while read -r file; do
    IFS= read -r -n4 head <"$file" 2>/dev/null && [ "$head" = $'\x7fELF' ] && echo "$file"
  done >/build/all || true
head -n ${files} /build/all >/build/list
[ "$(wc -l </build/list)" = ${files} ]
while read -r file; do
  mkdir -p "$out/$(dirname "$file")"
  cp --no-preserve=mode,ownership "$file" "$out/$file"
done </build/list
`;

const tree = `mkDockerBuild { pname = "bench-tree"; version = "1"; ${system}
  buildScript = ${JSON.stringify(copyScript)}; }`;
const audited = `let tree = ${tree}; in mkDockerBuild { pname = "bench-thousand"; version = "1"; ${system}
  buildScript = "cp -r --no-preserve=mode,ownership \${tree}/usr $out/"; }`;

/** Times lddtree inside of the container, so that the container's start does not count. */
const peerScript = `cd /tree && find usr -type f >/tmp/list && TIMEFORMAT=%R
time xargs -a /tmp/list lddtree >/tmp/trees && [ "$(grep -c '^[^ ]' /tmp/trees)" = ${files} ]`;

export const auditThousand = {
  name: "audit-thousand",
  title: `the audit of ${files} different ELF files, against lddtree on the same files and image`,
  how: "Only the work itself: by the log of the build, and by a clock in lddtree's container. lddtree gets all files at once.",
  claims: [
    { ours: "audit", peer: "lddtree", target: 0.25 },
    { ours: "audit", kind: "time", target: 3 },
  ],

  async prepare() {
    const { path, isNew } = await build(tree);
    if (isNew) willDelete(path);
    const { spec } = await describe(tree);
    const options = ["--rm", "--network", "none", "--volume", `${path}:/tree:ro`, "--entrypoint", "bash"];
    const lddtree = ["docker", "run", ...options, await imageOf(spec), "-c", peerScript];
    return {
      sides: {
        audit: {
          label: "audit",
          command: shellLine(freshBuildCommand(audited, "N")),
          run: async () => auditSeconds((await freshBuildLog(audited)).log, files),
        },
        lddtree: {
          label: "lddtree",
          command: shellLine(lddtree),
          run: async () => Number((await run(lddtree)).stderr.trim().split("\n").at(-1)),
        },
      },
    };
  },
};
