// Makes the code caches of a bundle: `node --hash-seed=1 --no-flush-bytecode rehearse.cjs FOLDER`.
//
// Starts a build as Nix does, up to the first request, for which there is no engine. So the caches
// hold the functions that a start needs, compiled, and not those that it does not need. The two
// flags make the caches the same bytes each time: V8 keeps names in an order that its random seed
// gives, and forgets code that has not run for a while.
"use strict";
const { mkdtempSync, readFileSync, rmSync, writeFileSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const { setFlagsFromString } = require("node:v8");

const folder = process.argv[2];
const top = mkdtempSync(join(tmpdir(), "voyager-rehearsal-"));
writeFileSync(join(top, ".attrs.json"), readFileSync(join(__dirname, "rehearsal.json")));
process.argv = [process.argv[0], join(folder, "voyager.cjs"), "build"];
// Nothing else of the environment may have a say in what is compiled.
for (const name of Object.keys(process.env)) delete process.env[name];
process.env.NIX_BUILD_TOP = top;
process.env.DOCKER_HOST = `unix://${join(top, "engine.sock")}`;
writeFileSync(join(top, "engine.sock"), ""); // which refuses a connection

const { exit } = process;
process.exit = () => {
  rmSync(top, { recursive: true });
  const { chunks, load, loadPart, scripts } = helper;
  loadPart("rest");
  for (const name of Object.keys(chunks)) load(name);
  // V8 writes its flags into a cache: those of an ordinary start.
  setFlagsFromString("--hash-seed=0");
  setFlagsFromString("--flush-bytecode");
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(folder, `${name}.js.cache`), script.createCachedData());
  }
  exit.call(process, 0);
};

const helper = require(process.argv[1]);
