// Makes the helper one file: `node helper/bundle.mjs [FILE [NODE_MODULES]]`, by default
// dist/voyager.cjs from the checkout's own node_modules. Nix runs the same, see default.nix.
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const outfile = resolve(process.argv[2] ?? join(here, "../dist/voyager.cjs"));
const modules = resolve(process.argv[3] ?? join(here, "../node_modules"));
// In the Nix store the packages are not where an `import` of this file would look.
const { build } = createRequire(join(modules, "/"))("esbuild");

/** Packages that dockerode loads at once for what the helper never does: BuildKit, ssh, tar. */
const leftOut = JSON.parse(readFileSync(join(here, "left-out.json"), "utf8"));

/**
 * Stands for a package that is left out. Loading it and naming what it exports succeeds, as
 * dockerode does both when it is loaded; calling any of it fails.
 *
 * @param {string} name of the package
 * @returns {string} the source of a module
 */
function standIn(name) {
  const message = JSON.stringify(`${name} is not part of the nix-voyager helper`);
  return `
    function fail() { throw new Error(${message}); }
    const standIn = new Proxy(fail, { get: (target, key) => key in target ? target[key] : standIn });
    module.exports = standIn;`;
}

/** Resolves each of `leftOut` to its stand-in. */
const leaveOut = {
  name: "leave-out",
  setup(bundler) {
    const names = leftOut.map((name) => name.replaceAll("/", "\\/")).join("|");
    bundler.onResolve({ filter: new RegExp(`^(${names})$`) }, ({ path }) => ({
      path,
      namespace: "left-out",
    }));
    bundler.onLoad({ filter: /.*/, namespace: "left-out" }, ({ path }) => ({ contents: standIn(path) }));
  },
};

// One folder laid out like a checkout, because esbuild writes each module's path from there into
// the bundle: so the bytes are the same wherever it is made, and no store path gets into it.
const root = mkdtempSync(join(tmpdir(), "voyager-bundle-"));
symlinkSync(here, join(root, "helper"));
symlinkSync(join(here, "../package.json"), join(root, "package.json"));
symlinkSync(join(here, "../tsconfig.json"), join(root, "tsconfig.json"));
symlinkSync(modules, join(root, "node_modules"));

await build({
  absWorkingDir: root,
  preserveSymlinks: true,
  entryPoints: ["helper/src/main.ts"],
  outfile,
  bundle: true,
  format: "cjs",
  platform: "node",
  target: "node20",
  plugins: [leaveOut],
  // Tried and done without by `debug`; a checkout may have it for other reasons.
  external: ["supports-color"],
  legalComments: "none",
  logLevel: "warning",
  loader: { ".sh": "text" },
  // A CommonJS file has no import.meta, which yargs asks for its own place.
  banner: { js: 'const voyagerUrl = require("node:url").pathToFileURL(__filename).href;' },
  define: { "import.meta.url": "voyagerUrl" },
}).finally(() => rmSync(root, { recursive: true }));
