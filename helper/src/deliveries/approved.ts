/** What may be given to others: only what is proven to link as the rules of linkage demand. */
import { VoyagerError } from "../common/errors.ts";
import { count, visible } from "../common/text.ts";
import type { Report } from "../linkage/report.ts";
import type { Delivery } from "./delivery.ts";

/** Problems of one delivery, and deliveries, that a message names. */
const mostProblems = 3;
const mostNamed = 20;

interface Objection {
  kind: "linkage" | "record";
  text: string;
}

function objectionTo({ path, report, problem }: Delivery): Objection | null {
  const object = (kind: Objection["kind"], why: string) => ({ kind, text: visible(`${path}: ${why}`) });
  if (problem !== null) return object("record", `its record cannot be read: ${problem}`);
  if (report === null) return object("record", "it has no linkage report");
  const { problems } = report;
  if (report.verdict === "pass" && problems.length === 0) return null;
  const { kind, text } = object("linkage", "the verdict of its linkage report is fail");
  const told = problems.slice(0, mostProblems).map(({ rule, message }) => visible(`${rule}: ${message}`));
  const rest = problems.length - told.length;
  const all = [...told, ...(rest > 0 ? [`and ${count(rest, "more problem")}`] : [])];
  return { kind, text: [text, ...all].join("\n  ") };
}

/**
 * The reports of deliveries that may be given to others. Throws one error that names each that may
 * not: of kind `linkage` if a verdict is not pass, else of kind `record`.
 *
 * @param refusal what is not done: "the channel is not made"
 */
export function requireApproved(deliveries: Delivery[], refusal: string): Report[] {
  const objections = deliveries.map(objectionTo).filter((one) => one !== null);
  if (objections.length === 0) return deliveries.flatMap(({ report }) => report ?? []);
  const named = objections.slice(0, mostNamed).map(({ text }) => text);
  const more = objections.length - named.length;
  const kind = objections.some((one) => one.kind === "linkage") ? "linkage" : "record";
  throw new VoyagerError(
    kind,
    `${refusal}: of ${count(objections.length, "delivery", "deliveries")} it is not proven what they link to`,
    {
      why: [...named, ...(more > 0 ? [`and ${more} more`] : [])].join("\n"),
      remedy:
        kind === "linkage"
          ? "see linkage.html of each; correct the build, or allow an exception with its reason (linkage.allow), and build it again"
          : "name results of mkDockerBuild and mkDockerWheel: the output that has nix-support/linkage.json",
    },
  );
}
