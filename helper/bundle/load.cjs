// What Node starts, lib/voyager.cjs: loads the helper, which lies beside it in two parts. `start.js`
// has what every build needs before its first request to the engine; `rest.js` is read when
// something else is wanted.
//
// Beside each part is V8's code cache, see rehearse.cjs. V8 checks that the cache was made of this
// source by this version with these flags, and else compiles the source: that is slower, no more.
// Node's own compile cache would not do: its folder is named after the user's id, which varies.
"use strict";
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { pathToFileURL } = require("node:url");
const { Script } = require("node:vm");

const voyagerUrl = pathToFileURL(__filename).href;
const scripts = {};
const chunks = {};
const loaded = {};

function readCache(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined; // a checkout has none
  }
}

/** Reads a part: its chunks by name. */
function loadPart(name) {
  const filename = join(__dirname, `${name}.js`);
  // All of it is ASCII, and so need not be decoded.
  const source = readFileSync(filename, "latin1");
  scripts[name] = new Script(source, { filename, cachedData: readCache(`${filename}.cache`) });
  Object.assign(chunks, scripts[name].runInThisContext());
}

/** `require` for chunks: another chunk, or a module of Node. */
function load(name) {
  if (!name.startsWith("./")) return require(name);
  if (name in loaded) return loaded[name].exports;
  if (!(name in chunks)) loadPart("rest");
  const module = { exports: {} };
  loaded[name] = module;
  chunks[name](module, module.exports, load, voyagerUrl);
  return module.exports;
}

loadPart("start");
// For rehearse.cjs.
module.exports = { chunks, load, loadPart, scripts };
load("./main.js");
