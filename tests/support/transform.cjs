/** Compiles TypeScript and scripts for jest with the bundler that the helper is made with. */
const { transformSync } = require("esbuild");

module.exports = {
  process: (source, path) =>
    transformSync(source, {
      sourcefile: path,
      loader: path.endsWith(".ts") ? "ts" : /\.(nix|sh)$/.test(path) ? "text" : "js",
      format: "cjs",
      target: "node20",
      // Jest runs what it loads in a context of its own, where import() is not to be had.
      supported: { "dynamic-import": false },
      sourcemap: "inline",
    }),
};
