/** Records that are there and cannot be read: never passed over, whatever the others say. */
import { VoyagerError } from "../common/errors.ts";
import { count, visible } from "../common/text.ts";
import type { Delivery } from "./delivery.ts";

/** Damaged records that one message names. */
const mostNamed = 20;

/** The error that names all deliveries whose report cannot be read; null when there is none. */
export function damagedRecords(deliveries: Delivery[]): VoyagerError | null {
  const damaged = deliveries.filter(({ problem }) => problem !== null);
  if (damaged.length === 0) return null;
  const named = damaged.slice(0, mostNamed).map(({ path, problem }) => visible(`${path}: ${problem}`));
  const more = damaged.length - named.length;
  return new VoyagerError("record", `${count(damaged.length, "linkage report")} cannot be read`, {
    why: [...named, ...(more > 0 ? [`and ${more} more`] : [])].join("\n"),
    remedy: "of these nothing is known: see whether the store is sound (nix-store --verify --check-contents)",
  });
}
