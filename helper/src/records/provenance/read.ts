/** Reads statements, which may come from anybody. */
import * as v from "valibot";
import { messageOf, VoyagerError } from "../../common/errors.ts";
import { predicateType, type Statement, statementType } from "./render.ts";

const digest = v.record(v.string(), v.string());
const resource = v.looseObject({
  name: v.optional(v.string()),
  uri: v.optional(v.string()),
  digest: v.optional(digest),
});

/** The fields that in-toto's Statement and SLSA's provenance must have. */
const statementSchema = v.looseObject({
  _type: v.literal(statementType),
  subject: v.pipe(v.array(v.looseObject({ name: v.string(), digest })), v.minLength(1)),
  predicateType: v.literal(predicateType),
  predicate: v.looseObject({
    buildDefinition: v.looseObject({
      buildType: v.string(),
      externalParameters: v.record(v.string(), v.unknown()),
      internalParameters: v.optional(v.record(v.string(), v.unknown()), {}),
      resolvedDependencies: v.optional(v.array(resource), []),
    }),
    runDetails: v.looseObject({ builder: v.looseObject({ id: v.string() }) }),
  }),
});

const remedy = "name the provenance.json of an output, as the build has left it";

/** Parses a statement. @throws VoyagerError of kind `record` that names the file and the field */
export function parseStatement(text: string, file: string): Statement {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new VoyagerError("record", `${file} is not a statement of provenance`, {
      why: messageOf(error),
      remedy,
    });
  }
  const result = v.safeParse(statementSchema, json);
  if (!result.success) {
    const [issue] = result.issues;
    throw new VoyagerError("record", `${file} is not a statement of provenance`, {
      why: `${v.getDotPath(issue) ?? "(whole)"}: ${issue.message}`,
      remedy,
    });
  }
  return result.output as unknown as Statement;
}
