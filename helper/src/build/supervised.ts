/**
 * Speaks with the supervisor, process 1 of a build with binds: learns when the build has ended,
 * and has scripts run in its container after that. The supervisor's words come in the container's
 * standard error, marked by a secret that it alone was told, and are taken out of the log.
 */
import { randomBytes } from "node:crypto";
import { VoyagerError } from "../common/errors.ts";
import type { OutputSink } from "../engine/engine.ts";
import { systemPath } from "./layout.ts";

/** Runs a program with nothing of what the build's variables say. */
const unaffected = `/usr/bin/env -i PATH=${systemPath} LC_ALL=C.UTF-8`;

/**
 * How every supervisor begins. It reads its secret, which is there when it starts. The build's PATH may
 * lead to other programs first, so only the build itself gets it.
 */
const begin = `
read -r word secret || exit 125
path=$PATH
PATH=${systemPath}
exec 3<&0 </dev/null
`;

/**
 * Kills everything when the lifeline ends.
 *
 * Who watches the lifeline is a child of its own, not a program which that one starts: only so can it
 * wait until the watcher is dead. A reader that has been killed, but has not run since, takes the
 * first question with it.
 */
const watch = `
{ { while read -r word; do :; done <&3; kill -KILL -1; } & }
`;

/** Runs the build's command, the arguments. */
const build = `
PATH=$path "$@" 3<&-
status=$?
`;

/** Kills what the build left running, so that nothing changes from there. */
const settle = `
kill -KILL -1
wait 2>/dev/null
`;

/**
 * What the supervisor of a build with binds runs. Its arguments: the nonce that it must find in each of
 * the folders, those folders, and the build's command. It
 *
 * - verifies that what it sees is what the helper made (a nonce in every folder that it can
 *   write), and removes the nonces to say so: else it exits with 125;
 * - runs the build;
 * - runs scripts for as long as it is asked to.
 */
export const supervisor = `${begin}
nonce=$1; folders=$2; shift 2
${watch}
for folder in $folders; do
  [ "$(cat "$folder/.nix-voyager-nonce" 2>/dev/null)" = "$nonce" ] && [ -w "$folder" ] || exit 125
done
for folder in $folders; do rm "$folder/.nix-voyager-nonce" || exit 125; done
${build}
[ $status = 0 ] || exit $status
${settle}
printf '@voyager %s ended\\n' "$secret" >&2
while read -r word script answer <&3; do
  [ "$word" = ask ] || exit 125
  ${unaffected} /bin/sh "$script" >"$answer" 2>/dev/null 3<&-
  printf '@voyager %s answered %s\\n' "$secret" "\${answer##*/}" >&2
done
exit 0
`;

/**
 * What the supervisor of a streamed build runs. Its arguments: the build's command. Before it starts the
 * build and after that has ended, it does what it is told:
 *
 * - "put FOLDER": unpacks a tar stream there;
 * - "run": runs a script of shell.
 *
 * Either comes in frames: lines with a number of bytes, those bytes after each, and a line with 0 at the
 * end. Words are numbered, and come on standard output and on standard error, because the engine keeps no order between the
 * two: what came before the word on a stream belongs to what the word ends.
 *
 * Folders of the store are read-only: their modes come last. `--overwrite`, because the paths of the
 * store are there already, the user's own but for their content, in a folder that is not.
 */
export const streamedSupervisor = `${begin}
said=0
say() {
  said=$((said + 1))
  printf '@voyager %s %s %s %s\\n' "$secret" "$@" $said
  printf '@voyager %s %s %s %s\\n' "$secret" "$@" $said >&2
}
frames() { while read -r count && [ "$count" -gt 0 ]; do head -c "$count"; done; }
obey() {
  while read -r word folder <&3; do
    case $word in
      put)
        frames <&3 | {
          ${unaffected} tar --extract --file - --directory "$folder" --overwrite --no-same-owner \\
            --preserve-permissions --delay-directory-restore
          status=$?
          cat >/dev/null
          (exit $status)
        } 3<&- ;;
      run) frames <&3 | ${unaffected} /bin/sh 3<&- ;;
      start) return ;;
      *) exit 125 ;;
    esac
    say answered $?
  done
  exit 0
}
obey
${watch}
${build}
${settle}
say ended $status
obey
`;

/** Name of the file that holds the nonce. */
export const nonceName = ".nix-voyager-nonce";

/** A supervisor's secret, which marks its words. */
export class Secret {
  readonly #text = randomBytes(16).toString("hex");
  readonly mark = Buffer.from(`@voyager ${this.#text} `);
  /** What the supervisor must find on its input. */
  readonly start = `start ${this.#text}\n`;
}

/** What came is not what process 1 of the container says. */
export function outOfOrder(why: string): VoyagerError {
  return new VoyagerError("engine", "what comes from the container is out of order", {
    why,
    remedy: "look at the engine's own log, and at what else stands between it and the build",
  });
}

/** Takes the supervisor's words out of one stream of its output. */
export class WordFinder {
  #held: Buffer = Buffer.alloc(0);

  constructor(
    private readonly mark: Buffer,
    private readonly onData: (data: Buffer) => void,
    private readonly onWord: (word: string) => void,
  ) {}

  write(data: Buffer): void {
    let rest = this.#held.length > 0 ? Buffer.concat([this.#held, data]) : data;
    for (;;) {
      const at = rest.indexOf(this.mark);
      const end = at < 0 ? -1 : rest.indexOf(10, at);
      if (end < 0) {
        const from = at < 0 ? this.#possibleMark(rest) : at;
        if (from > 0) this.onData(rest.subarray(0, from));
        this.#held = Buffer.from(rest.subarray(from));
        return;
      }
      if (at > 0) this.onData(rest.subarray(0, at));
      this.onWord(rest.toString("utf8", at + this.mark.length, end));
      rest = rest.subarray(end + 1);
    }
  }

  /** Passes on what was held back as the possible beginning of a word; call when the output has ended. */
  end(): void {
    if (this.#held.length > 0) this.onData(this.#held);
    this.#held = Buffer.alloc(0);
  }

  /** Where the end of the data may be the beginning of a mark; its length where it is none. */
  #possibleMark(data: Buffer): number {
    const at = data.lastIndexOf(0x40, data.length - 1);
    const tail = data.length - at < this.mark.length ? data.subarray(at) : null;
    return at >= 0 && tail && this.mark.subarray(0, tail.length).equals(tail) ? at : data.length;
  }
}

/** Our side of it. Give `sink` to the container, and call `wait` for each word. */
export class Supervised {
  readonly #secret = new Secret();
  readonly #words: string[] = [];
  #waiting: (() => void) | null = null;
  readonly #finder = new WordFinder(
    this.#secret.mark,
    (data) => this.output(2, data),
    (word) => {
      this.#words.push(word);
      this.#waiting?.();
    },
  );

  constructor(private readonly output: OutputSink) {}

  /** What the supervisor must find on its input. */
  get start(): string {
    return this.#secret.start;
  }

  /** Resolves when the supervisor has said the word: "ended", or "answered" and the file's name. */
  async wait(word: string): Promise<void> {
    while (this.#words.length === 0) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
    const said = this.#words.shift();
    if (said !== word) throw outOfOrder(`the supervisor said '${said}' where '${word}' was expected`);
  }

  readonly sink: OutputSink = (stream, data) => {
    if (stream === 1) this.output(stream, data);
    else this.#finder.write(data);
  };

  /** Passes on what was held back as the possible beginning of a word; call when the output has ended. */
  end(): void {
    this.#finder.end();
  }
}
