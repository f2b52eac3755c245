// Makes the helper: `node helper/bundle.mjs [FOLDER [NODE_MODULES]]`, by default into dist/ from the
// checkout's own node_modules. `node FOLDER/voyager.cjs` runs it. Nix runs the same, see default.nix.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { joined, loadedWith, named } from "./bundle/parts.mjs";
import { standIns } from "./bundle/stand-ins.mjs";

const here = import.meta.dirname;
const folder = resolve(process.argv[2] ?? join(here, "../dist"));
const modules = resolve(process.argv[3] ?? join(here, "../node_modules"));
// In the Nix store the packages are not where an `import` of this file would look.
const esbuild = createRequire(join(modules, "/"))("esbuild");
// How Node is started: in the Nix sandbox through a dynamic linker of its own.
const node = JSON.parse(process.env.nodeCommand ?? JSON.stringify([process.execPath]));

/** Modules that are there, with all that they load, before a build's first request. */
const start = ["helper/src/main.ts", "helper/src/commands/build.ts"];

/** The helper in chunks: one for each module that is loaded later, and what several of them share. */
async function chunks() {
  // One folder laid out like a checkout, because esbuild writes each module's path from there into
  // the bundle: so the bytes are the same wherever it is made, and no store path gets into it.
  const root = mkdtempSync(join(tmpdir(), "voyager-bundle-"));
  symlinkSync(here, join(root, "helper"));
  symlinkSync(join(here, "../package.json"), join(root, "package.json"));
  symlinkSync(join(here, "../tsconfig.json"), join(root, "tsconfig.json"));
  symlinkSync(modules, join(root, "node_modules"));
  return esbuild
    .build({
      absWorkingDir: root,
      preserveSymlinks: true,
      entryPoints: [start[0]],
      outdir: "out",
      write: false,
      metafile: true,
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "node",
      target: "node20",
      plugins: [standIns],
      minifySyntax: true,
      minifyWhitespace: true,
      legalComments: "none",
      logLevel: "warning",
      loader: { ".nix": "text", ".sh": "text" },
      // yargs asks for its own place; load.cjs says it.
      define: { "import.meta.url": "voyagerUrl" },
    })
    .finally(() => rmSync(root, { recursive: true }));
}

const { outputFiles, metafile } = await chunks();
const first = new Set([...loadedWith(metafile.outputs, start)].map((path) => basename(path)));
const parts = { start: [], rest: [] };
for (const { path, text } of outputFiles) {
  const output = metafile.outputs[`out/${basename(path)}`];
  const { code } = await esbuild.transform(text, {
    format: "cjs",
    platform: "node",
    target: "node20",
    // Through `require`, which load.cjs gives.
    supported: { "dynamic-import": false },
    minifySyntax: true,
    minifyWhitespace: true,
  });
  parts[first.has(basename(path)) ? "start" : "rest"].push({ path, text: code + named(output) });
}
mkdirSync(folder, { recursive: true });
for (const [name, members] of Object.entries(parts)) {
  rmSync(join(folder, `${name}.js.cache`), { force: true });
  writeFileSync(join(folder, `${name}.js`), joined(members));
}
copyFileSync(join(here, "bundle/load.cjs"), join(folder, "voyager.cjs"));
// A small library of C functions for the broker: what Node itself cannot call.
const { arch } = process;
copyFileSync(
  join(modules, `@koromix/koffi-linux-${arch}/linux_${arch}/koffi.node`),
  join(folder, "koffi.node"),
);

/** Makes the code caches. The rehearsal fails as it should: where it first asks the engine. */
function rehearse() {
  const script = join(here, "bundle/rehearse.cjs");
  const args = [...node.slice(1), "--hash-seed=1", "--no-flush-bytecode", script, folder];
  const { status, stderr } = spawnSync(node[0], args, { encoding: "utf8", env: {} });
  if (status !== 0 || !stderr.includes("no engine answers")) {
    throw new Error(`the build of helper/bundle/rehearsal.json did not get to the engine:\n${stderr}`);
  }
}

rehearse();
