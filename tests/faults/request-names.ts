/** Names of requests, the same in each run of a build: without ids, and numbered where there are several. */
import type { Recorded } from "../support/engine-proxy.ts";

/** The request without what differs from one run to the next. */
function kindOf({ method, path, query }: Recorded): string {
  const same = path
    .replace(/[0-9a-f]{16,}/g, "ID")
    .replace(/nix-voyager-build-\d+/, "SLOT")
    .replace(/nix-voyager-environment-ID/, "LOCK");
  const condition = query.condition ? ` ${query.condition}` : "";
  return `${method} ${same}${condition}`;
}

export class RequestNames {
  readonly #seen = new Map<string, number>();

  /** The name of the request that came next. */
  next(recorded: Recorded): string {
    const kind = kindOf(recorded);
    const count = (this.#seen.get(kind) ?? 0) + 1;
    this.#seen.set(kind, count);
    return count === 1 ? kind : `${kind} #${count}`;
  }
}

/** The requests of a build by their names. */
export function named(requests: Recorded[]): Map<string, Recorded> {
  const names = new RequestNames();
  return new Map(requests.map((recorded) => [names.next(recorded), recorded]));
}
