// Run by Nix, see command.nix: writes the wrapper and the list of systems.
const { mkdirSync, writeFileSync } = require("node:fs");
const { out, command, systems } = process.env;
const share = `${out}/share/nix-voyager`;
mkdirSync(`${out}/bin`, { recursive: true });
mkdirSync(share, { recursive: true });
writeFileSync(`${share}/systems.json`, systems);
writeFileSync(
  `${out}/bin/voyager`,
  `#!/bin/sh
export VOYAGER_SYSTEMS="\${VOYAGER_SYSTEMS-${share}/systems.json}"
exec ${command} "$@"
`,
  { mode: 0o555 },
);
