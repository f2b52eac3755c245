/** CycloneDX's official schema, with all that it refers to, as the library ships it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv, { type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";

const folder = join(process.cwd(), "node_modules/@cyclonedx/cyclonedx-library/res/schema");

function readSchema(name: string): object {
  return JSON.parse(readFileSync(join(folder, `${name}.SNAPSHOT.schema.json`), "utf8")) as object;
}

/** Compiling it takes a second or more, so it is done once. */
let compiled: ValidateFunction | null = null;

function compile(): ValidateFunction {
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats(ajv);
  // Formats of draft 2019, in which no character may be that an IRI or an address cannot have.
  ajv.addFormat("iri-reference", /^[^\s<>"{}|\\^`]*$/);
  ajv.addFormat("idn-email", /^[^\s@]+@[^\s@]+$/);
  ajv.addSchema(readSchema("spdx"), "http://cyclonedx.org/schema/spdx.SNAPSHOT.schema.json");
  ajv.addSchema(readSchema("jsf-0.82"), "http://cyclonedx.org/schema/jsf-0.82.SNAPSHOT.schema.json");
  return ajv.compile(readSchema("bom-1.6"));
}

/** What the schema of CycloneDX 1.6 says against a document; empty if it is valid. */
export function schemaErrors(document: unknown): string[] {
  compiled ??= compile();
  const validate = compiled;
  validate(document);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath}: ${message}`);
}
