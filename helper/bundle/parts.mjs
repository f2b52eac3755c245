// Puts esbuild's chunks into two files, see load.cjs: a file for each of them would cost a start
// more than it saves, and one for all would have V8 read through everything.
import { basename } from "node:path";

/** @typedef {{ imports: { path: string, kind: string, external?: boolean }[], exports: string[], entryPoint?: string }} Output */

/**
 * The chunks that are loaded at once when those of the entry points are.
 *
 * @param {Record<string, Output>} outputs esbuild's
 * @param {string[]} entryPoints
 * @returns {Set<string>} paths of chunks
 */
export function loadedWith(outputs, entryPoints) {
  const found = new Set();
  const add = (path) => {
    if (found.has(path)) return;
    found.add(path);
    for (const { path: other, kind, external } of outputs[path].imports) {
      if (kind === "import-statement" && !external) add(other);
    }
  };
  for (const entryPoint of entryPoints) {
    const chunk = Object.keys(outputs).find((path) => outputs[path].entryPoint === entryPoint);
    if (!chunk) throw new Error(`no chunk has ${entryPoint}`);
    add(chunk);
  }
  return found;
}

/**
 * What follows a chunk that is a CommonJS package, which somewhere is imported while the helper runs.
 * Node would let its parts be imported by name; esbuild, where it splits, has a default export alone.
 *
 * @param {Output} output esbuild's
 * @returns {string}
 */
export function named({ entryPoint, exports }) {
  if (!entryPoint?.includes("node_modules/") || exports.join() !== "default") return "";
  return "module.exports={...module.exports.default,default:module.exports.default,__esModule:true};";
}

/**
 * Writes chunks as one script, whose value is an object of functions by the chunks' names.
 *
 * @param {{ path: string, text: string }[]} chunks CommonJS
 * @returns {string}
 */
export function joined(chunks) {
  const functions = chunks.map(
    ({ path, text }) =>
      `${JSON.stringify(`./${basename(path)}`)}(module, exports, require, voyagerUrl) {\n${text}}`,
  );
  return `({\n${functions.join(",\n")}\n})\n`;
}
