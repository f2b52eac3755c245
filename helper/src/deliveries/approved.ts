/** What may be given to others: only what is proven to link as the rules of linkage demand. */
import { VoyagerError } from "../common/errors.ts";
import { count, visible } from "../common/text.ts";
import type { Report } from "../linkage/report.ts";
import type { Delivery } from "./delivery.ts";
import { failureText } from "./kept-failure.ts";

/** Problems of one delivery, and deliveries, that a message names. */
const mostProblems = 3;
const mostNamed = 20;

/** What keeps a delivery from being given to others. */
export interface Objection {
  kind: "linkage" | "record" | "test";
  why: string;
  /** The first of the problems of its report. */
  details: string[];
}

/**
 * All that is said against a delivery, safe to print: the one thing that mkChannel, mkAggregate and
 * `voyager publish` judge by. That there is no report at all is not said: some have none.
 */
export function objectionsTo({ report, problem, failure }: Delivery): Objection[] {
  const objections: Objection[] = [];
  const object = (kind: Objection["kind"], why: string, details: string[] = []) =>
    objections.push({ kind, why: visible(why), details });
  if (typeof failure === "string") object("test", failureText(failure));
  if (problem !== null) object("record", `its record cannot be read: ${problem}`);
  if (report === null) return objections;
  const { problems, verdict } = report;
  if (verdict === "pass" && problems.length === 0) return objections;
  const told = problems.slice(0, mostProblems).map(({ rule, message }) => visible(`${rule}: ${message}`));
  const rest = problems.length - told.length;
  const more = rest > 0 ? [`and ${count(rest, "more problem")}`] : [];
  object("linkage", "the verdict of its linkage report is fail", [...told, ...more]);
  return objections;
}

/** The same of a delivery that must have a report. */
function strictObjectionsTo(delivery: Delivery): Objection[] {
  const objections = objectionsTo(delivery);
  if (objections.length > 0 || delivery.report !== null) return objections;
  return [{ kind: "record", why: "it has no linkage report", details: [] }];
}

const remedies: Record<Objection["kind"], string> = {
  linkage:
    "see linkage.html of each; correct the build, or allow an exception with its reason (linkage.allow), and build it again",
  test: "see the log and the report of each",
  record: "name results of mkDockerBuild and mkDockerWheel: the output that has nix-support/linkage.json",
};

/**
 * The reports of deliveries that may be given to others. Throws one error that names each that may
 * not: of kind `linkage` if a verdict is not pass, `test` if something failed and was kept, else `record`.
 *
 * @param refusal what is not done: "the channel is not made"
 */
export function requireApproved(deliveries: Delivery[], refusal: string): Report[] {
  const refused = deliveries
    .map((delivery) => ({ delivery, objections: strictObjectionsTo(delivery) }))
    .filter(({ objections }) => objections.length > 0);
  if (refused.length === 0) return deliveries.flatMap(({ report }) => report ?? []);
  const named = refused
    .slice(0, mostNamed)
    .flatMap(({ delivery, objections }) =>
      objections.map(({ why, details }) => [`${visible(delivery.path)}: ${why}`, ...details].join("\n  ")),
    );
  const kinds = refused.flatMap(({ objections }) => objections.map(({ kind }) => kind));
  const kind = (["linkage", "test"] as const).find((one) => kinds.includes(one)) ?? "record";
  const more = refused.length - Math.min(refused.length, mostNamed);
  const which = count(refused.length, "delivery", "deliveries");
  throw new VoyagerError(
    kind,
    kind === "test"
      ? `${refusal}: of ${which} it is not proven that they are sound`
      : `${refusal}: of ${which} it is not proven what they link to`,
    { why: [...named, ...(more > 0 ? [`and ${more} more`] : [])].join("\n"), remedy: remedies[kind] },
  );
}
