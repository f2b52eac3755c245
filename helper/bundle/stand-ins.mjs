// Packages that the bundle does not have, though packages of it load them: for what the helper
// never does (BuildKit, ssh, worker threads of a log), or because Node has the same.
import { existsSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";

const here = import.meta.dirname;

/** Their names; ../nix/packages.nix does not fetch them. */
const leftOut = JSON.parse(readFileSync(join(here, "left-out.json"), "utf8"));

/** Packages of which the bundle has the compiled part only, as a file beside it. */
const native = ["koffi"];

/** Modules of Node that packages load at once and need for nothing, or seldom: package → modules. */
const ofNode = { "docker-modem": ["https", "util"], pino: ["module", "worker_threads"] };

/**
 * Stands for a package that is left out. Loading it and naming what it exports succeeds, as
 * those who load it do both at once; calling any of it fails.
 *
 * @param {string} name of the package
 * @returns {string} the source of a module
 */
function failing(name) {
  const message = JSON.stringify(`${name} is not part of the nix-voyager helper`);
  return `
    function fail() { throw new Error(${message}); }
    const standIn = new Proxy(fail, { get: (target, key) => key in target ? target[key] : standIn });
    module.exports = standIn;`;
}

/**
 * The source that takes a package's place: the file of its name in stand-ins/, if there is one.
 *
 * @param {string} name of the package
 * @returns {string}
 */
function sourceOf(name) {
  const file = join(here, "stand-ins", `${name}.cjs`);
  return existsSync(file) ? readFileSync(file, "utf8") : failing(name);
}

/** Plugin of esbuild that puts the stand-ins in place. */
export const standIns = {
  name: "stand-ins",
  setup(bundler) {
    // `buffer` of npm is not fetched, but that of Node is there.
    const replaced = [...native, ...leftOut.filter((name) => !isBuiltin(name))];
    const names = replaced.map((name) => name.replaceAll("/", "\\/")).join("|");
    const standIn = ({ path }) => ({ path, namespace: "stand-in" });
    bundler.onResolve({ filter: new RegExp(`^(${names})$`) }, standIn);
    for (const [importer, modules] of Object.entries(ofNode)) {
      bundler.onResolve({ filter: new RegExp(`^(${modules.join("|")})$`) }, (request) =>
        request.importer.includes(`/node_modules/${importer}/`) ? standIn(request) : undefined,
      );
    }
    bundler.onLoad({ filter: /.*/, namespace: "stand-in" }, ({ path }) => ({ contents: sourceOf(path) }));
  },
};
