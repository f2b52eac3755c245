// Run by Nix, see ../fetchRequirements.nix: a folder of links to files, under the names that they are to have.
const { mkdirSync, symlinkSync } = require("node:fs");
const { out, files } = process.env;
mkdirSync(out);
for (const [name, file] of Object.entries(JSON.parse(files))) symlinkSync(file, `${out}/${name}`);
