// Run by Nix, see command.nix: writes the wrapper and what the command knows of the library.
const { mkdirSync, writeFileSync } = require("node:fs");
const { out, command, systems, pypi } = process.env;
const share = `${out}/share/nix-voyager`;
mkdirSync(`${out}/bin`, { recursive: true });
mkdirSync(share, { recursive: true });
writeFileSync(`${share}/systems.json`, systems);
writeFileSync(`${share}/pypi.json`, pypi);
writeFileSync(
  `${out}/bin/voyager`,
  `#!/bin/sh
export VOYAGER_SYSTEMS="\${VOYAGER_SYSTEMS-${share}/systems.json}"
export VOYAGER_PYPI="${share}/pypi.json"
exec ${command} "$@"
`,
  { mode: 0o555 },
);
