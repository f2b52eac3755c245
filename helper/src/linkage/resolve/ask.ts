import { randomBytes } from "node:crypto";
import { VoyagerError } from "../../common/errors.ts";

/**
 * Runs a POSIX sh script in the container of a build that has ended, as the build's user, and
 * resolves with its standard output. Script and output are bytes, one a character (latin1), as the
 * names of files are.
 */
export type Ask = (script: string) => Promise<string>;

/**
 * Notes for who implements `Ask`: scripts may have megabytes, so they must go to the shell's
 * standard input and not into an argument; and no process of the build may be left, as it could
 * meddle with what runs as its own user.
 */

/** A part of a script, and how to read what that part prints. */
export interface Question<T> {
  script: string;
  read(output: string): T;
}

/**
 * What the build set must not count: its PATH has programs of its dependencies, and where the
 * package managers' databases are can be set by variables and by files in HOME.
 */
const neutral = `PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH LC_ALL=C HOME=/nonexistent
unset DPKG_ADMINDIR DPKG_ROOT RPM_CONFIGDIR`;

/**
 * Asks several questions by one script. Each is a shell of its own, and what one prints is never
 * taken for another's: the lines between them hold a number that nobody inside can know before.
 * Throws when an answer does not come to its end.
 */
export async function askTogether<const Questions extends readonly Question<unknown>[]>(
  ask: Ask,
  questions: Questions,
): Promise<{ [Index in keyof Questions]: Questions[Index] extends Question<infer T> ? T : never }> {
  const mark = newMark();
  const script = questions.map(({ script }) => `(\n${script}\n) </dev/null\necho; echo ${mark}`).join("\n");
  const parts = (await ask(`${neutral}\n${script}\n`)).split(`\n${mark}\n`);
  if (parts.length !== questions.length + 1 || parts.at(-1) !== "") {
    throw new VoyagerError(
      "engine",
      "the container of the build broke off while it was asked what the build links to",
      {
        why:
          parts.at(-1)?.slice(-1000) ||
          `${parts.length - 1} of ${questions.length} answers came to their end`,
        remedy: "build again; if it stays, the environment lacks basic tools (sh, coreutils, sed, awk)",
      },
    );
  }
  return questions.map(({ read }, index) => read(parts[index] ?? "")) as never;
}

/** A word that nothing in a container can have known when it was written. */
export function newMark(): string {
  return `@@${randomBytes(16).toString("hex")}`;
}

/** Whether a text has characters that could pass for the end of a line or a field. */
export function hasControlCharacters(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}
