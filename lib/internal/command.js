// Run by Nix, see command.nix: writes the wrapper, what the command knows of the library, and what it itself
// says for shells and for man.
const { execFileSync } = require("node:child_process");
const { mkdirSync, writeFileSync } = require("node:fs");
const { dirname } = require("node:path");
const { out, helper, systems, pypi } = process.env;
const [program, ...args] = JSON.parse(helper);
const quote = (word) => `'${word.replaceAll("'", "'\\''")}'`;

/** Writes a file of the output. */
function install(path, content, mode = 0o444) {
  mkdirSync(dirname(`${out}/${path}`), { recursive: true });
  writeFileSync(`${out}/${path}`, content, { mode });
}

/** What the command prints, as in a shell of that name. */
function says(command, shell = "") {
  return execFileSync(program, [...args, command], { env: { SHELL: shell }, encoding: "utf8" });
}

const share = "share/nix-voyager";
install(`${share}/systems.json`, systems);
install(`${share}/pypi.json`, pypi);
install(
  "bin/voyager",
  `#!/bin/sh
export VOYAGER_SYSTEMS="\${VOYAGER_SYSTEMS-${out}/${share}/systems.json}"
export VOYAGER_PYPI="${out}/${share}/pypi.json"
exec ${[program, ...args].map(quote).join(" ")} "$@"
`,
  0o555,
);
// A program without arguments, as Nix wants it.
install("libexec/nix-voyager/build-hook", `#!/bin/sh\nexec ${out}/bin/voyager build-hook "$@"\n`, 0o555);
install("share/man/man1/voyager.1", says("manual"));
install("share/bash-completion/completions/voyager", says("completion", "bash"));
install("share/zsh/site-functions/_voyager", says("completion", "zsh"));
install("share/fish/vendor_completions.d/voyager.fish", says("completion", "fish"));
