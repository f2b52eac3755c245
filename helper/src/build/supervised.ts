/**
 * Speaks with the supervisor, process 1 of a build with binds: learns when the build has ended,
 * and has scripts run in its container after that. The supervisor's words come in the container's
 * standard error, marked by a secret that it alone was told, and are taken out of the log.
 */
import { randomBytes } from "node:crypto";
import type { OutputSink } from "../engine/engine.ts";
import { systemPath } from "./layout.ts";

/**
 * What the supervisor runs. Its arguments: the nonce that it must find in each of the folders, those
 * folders, and the build's command. It
 *
 * - reads its secret, which is there when it starts;
 * - kills everything when the lifeline ends;
 * - verifies that what it sees is what the helper made (a nonce in every folder that it can
 *   write), and removes the nonces to say so: else it exits with 125;
 * - runs the build, and then kills what the build left running, so that nothing changes from there;
 * - runs scripts for as long as it is asked to, with nothing of what the build's variables say.
 *
 * The build's PATH may lead to other programs first, so only the build itself gets it.
 *
 * Who watches the lifeline is a child of its own, not a program which that one starts: only so can it
 * wait until the watcher is dead. A reader that has been killed, but has not run since, takes the
 * first question with it.
 */
export const supervisor = `
read -r word secret || exit 125
path=$PATH
PATH=${systemPath}
exec 3<&0 </dev/null
watch() { { while read -r word; do :; done <&3; kill -KILL -1; } & }
nonce=$1; folders=$2; shift 2
watch
for folder in $folders; do
  [ "$(cat "$folder/.nix-voyager-nonce" 2>/dev/null)" = "$nonce" ] && [ -w "$folder" ] || exit 125
done
for folder in $folders; do rm "$folder/.nix-voyager-nonce" || exit 125; done
PATH=$path "$@" 3<&-
status=$?
[ $status = 0 ] || exit $status
kill -KILL -1
wait 2>/dev/null
printf '@voyager %s ended\\n' "$secret" >&2
while read -r word script answer <&3; do
  [ "$word" = ask ] || exit 125
  /usr/bin/env -i PATH=${systemPath} LC_ALL=C.UTF-8 /bin/sh "$script" >"$answer" 2>/dev/null 3<&-
  printf '@voyager %s answered\\n' "$secret" >&2
done
exit 0
`;

/** Name of the file that holds the nonce. */
export const nonceName = ".nix-voyager-nonce";

/** Our side of it. Give `sink` to the container, and call `wait` for each word. */
export class Supervised {
  readonly #secret = randomBytes(16).toString("hex");
  readonly #mark = Buffer.from(`@voyager ${this.#secret} `);
  #held: Buffer = Buffer.alloc(0);
  #words: string[] = [];
  #waiting: (() => void) | null = null;

  constructor(private readonly output: OutputSink) {}

  /** What the supervisor must find on its input. */
  get start(): string {
    return `start ${this.#secret}\n`;
  }

  /** Resolves when the supervisor has said the word. */
  async wait(word: "ended" | "answered"): Promise<void> {
    while (this.#words.length === 0) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
    const said = this.#words.shift();
    if (said !== word) throw new Error(`the supervisor said '${said}' where '${word}' was expected`);
  }

  readonly sink: OutputSink = (stream, data) => {
    if (stream === 1) return this.output(stream, data);
    let rest = this.#held.length > 0 ? Buffer.concat([this.#held, data]) : data;
    for (;;) {
      const at = rest.indexOf(this.#mark);
      const end = at < 0 ? -1 : rest.indexOf(10, at);
      if (end < 0) {
        const from = at < 0 ? this.#possibleMark(rest) : at;
        if (from > 0) this.output(stream, rest.subarray(0, from));
        this.#held = Buffer.from(rest.subarray(from));
        return;
      }
      if (at > 0) this.output(stream, rest.subarray(0, at));
      this.#words.push(rest.toString("utf8", at + this.#mark.length, end));
      this.#waiting?.();
      rest = rest.subarray(end + 1);
    }
  };

  /** Passes on what was held back as the possible beginning of a word; call when the output has ended. */
  end(): void {
    if (this.#held.length > 0) this.output(2, this.#held);
    this.#held = Buffer.alloc(0);
  }

  /** Where the end of the data may be the beginning of a mark; its length where it is none. */
  #possibleMark(data: Buffer): number {
    const at = data.lastIndexOf(0x40);
    const tail = data.subarray(at);
    return at >= 0 && tail.length < this.#mark.length && this.#mark.subarray(0, tail.length).equals(tail)
      ? at
      : data.length;
  }
}
