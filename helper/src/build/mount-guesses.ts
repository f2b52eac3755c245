/** Which of the places where the host may have a build's paths has been tried, and what comes next. */
import { type HostPaths, ownMountPoints } from "../transfer/host-paths.ts";

/** What is guessed about as one: the build folder, or what of the store is not on the host's root. */
export type Guessed = "build" | "store";

export class MountGuesses {
  readonly #tried: Record<Guessed, number> = { build: 0, store: 0 };
  /** What was guessed since the last refusal: path on the host → what is guessed about; null: it is certain. */
  #guessed = new Map<string, Guessed | null>();

  constructor(private readonly paths: Pick<HostPaths, "candidates">) {}

  /** Where the host has a path, by the present guess; null: all have been tried. */
  hostPath(part: Guessed, path: string): string | null {
    const candidates = this.paths.candidates(path, part === "store" ? ownMountPoints : undefined);
    // The only one there is, while others of its place may lie on a file system whose mount point is guessed.
    const isCertain = candidates.length === 1;
    const found = candidates[isCertain ? 0 : this.#tried[part]];
    if (found === undefined) return null;
    this.#guessed.set(found, isCertain ? null : part);
    return found;
  }

  /**
   * Takes the next guess for what the engine did not find.
   *
   * @param message the engine's, which names the path
   * @returns false when that was not guessed
   */
  refused(message: string): boolean {
    const part = [...this.#guessed].find(([path]) => message.includes(path))?.[1];
    this.#guessed = new Map();
    if (!part) return false;
    this.#tried[part]++;
    return true;
  }
}
