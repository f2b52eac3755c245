#!/usr/bin/env node
/**
 * Writes the JSON Schema of each file that builds leave for others to read, from its valibot schema
 * in helper/src. `--check` writes nothing and exits with 1 when one is stale.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { toJsonSchema } from "@valibot/to-json-schema";
import { buildSync } from "esbuild";

const root = new URL("../", import.meta.url);

/** File in docs/ → where its schema is declared, the export's name, and what it describes. */
const schemas = {
  "linkage.schema.json": {
    module: "helper/src/linkage/report.ts",
    name: "reportSchema",
    title: "nix-voyager linkage report",
    description:
      "nix-support/linkage.json: what every ELF file of a build links against, where the system's loader finds it, and which package owns that. Fields may be added within voyager-linkage/1.",
  },
};

/** The exports of a TypeScript module, with all that it imports. */
async function load(module) {
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(new URL(module, root))],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
  });
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
}

for (const [file, { module, name, title, description }] of Object.entries(schemas)) {
  const schema = toJsonSchema((await load(module))[name]);
  const { $schema, ...rest } = schema;
  const text = `${JSON.stringify({ $schema, title, description, ...rest }, null, 2)}\n`;
  const target = new URL(`docs/${file}`, root);
  if (!process.argv.includes("--check")) {
    writeFileSync(target, text);
    continue;
  }
  let old = "";
  try {
    old = readFileSync(target, "utf8");
  } catch {}
  if (text === old) continue;
  process.stderr.write(`${fileURLToPath(target)} is stale; run: npm run reference\n`);
  process.exitCode = 1;
}
