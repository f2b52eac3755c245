/** Whether records are of the files that they lie beside: a folder of records is easily copied, or linked to. */
import { join } from "node:path";
import { messageOf, VoyagerError } from "../common/errors.ts";
import { isPlainFile } from "../common/plain-file.ts";
import { visible } from "../common/text.ts";
import { parseStatement } from "../records/provenance/read.ts";
import { compareFiles, describesOutput } from "../records/provenance/verify.ts";
import { type Delivery, openDelivery, recordFiles } from "./delivery.ts";
import { readerOf } from "./folders.ts";
import { keptFailure } from "./kept-failure.ts";

const provenance = "nix-support/provenance.json";

/** Deliveries that a message names. */
const mostNamed = 20;

/** The delivery at a path of this machine. A report that is reached by a link is another path's, and a problem. */
export async function openOwn(path: string): Promise<Delivery> {
  const delivery = { ...(await openDelivery(path, readerOf(path))), failure: keptFailure(path) };
  if (delivery.report === null || isPlainFile(join(path, recordFiles.report))) return delivery;
  return { ...delivery, report: null, problem: `${recordFiles.report}: it is reached by a link` };
}

/** What is wrong with the records of a delivery: its provenance must tell of the files that are there. */
async function complaintOf({ path, read }: Delivery): Promise<string | null> {
  if (!isPlainFile(join(path, provenance))) return `${path} has no ${provenance} of its own`;
  try {
    compareFiles(parseStatement((await read(provenance)) ?? "", join(path, provenance)), path);
    return null;
  } catch (error) {
    const why = error instanceof VoyagerError ? (error.details.why ?? "") : "";
    return [messageOf(error), ...why.split("\n")].filter((line) => line !== "").join("\n  ");
  }
}

/**
 * Throws a `record` error that names each delivery whose records are about other files.
 *
 * @param refusal what is not done: "the channel is not made"
 */
export async function requireOwnRecords(deliveries: Delivery[], refusal: string): Promise<void> {
  const complaints: string[] = [];
  for (const delivery of deliveries) {
    const complaint = await complaintOf(delivery);
    if (complaint !== null) complaints.push(complaint.split("\n").map(visible).join("\n"));
  }
  requireNone(complaints, refusal);
}

/** An output of a build, and the delivery that has the records of all outputs. */
export interface OtherOutput {
  name: string;
  path: string;
  recorded: Delivery;
}

/** Throws a `record` error that names each output whose files the provenance of its build does not tell of. */
export async function requireDescribed(outputs: OtherOutput[], refusal: string): Promise<void> {
  const complaints: string[] = [];
  for (const { name, path, recorded } of outputs) {
    const file = join(recorded.path, provenance);
    const statement = parseStatement((await recorded.read(provenance)) ?? "", file);
    if (describesOutput(statement, name, path)) continue;
    complaints.push(
      visible(`${path} has no linkage report, and ${file} does not tell of its files as output '${name}'`),
    );
  }
  requireNone(complaints, refusal);
}

function requireNone(complaints: string[], refusal: string): void {
  if (complaints.length === 0) return;
  throw new VoyagerError("record", `${refusal}: records are not about the files that they lie beside`, {
    why: complaints.slice(0, mostNamed).join("\n"),
    remedy:
      "records belong to what the build has left, as it has left it: build it again, and do not copy nix-support/",
  });
}
