/**
 * The manual page voyager(1), made of what `--help` says of each command, and so of the same definitions
 * as the command line itself: `man 7 man` tells its markup.
 */

/** What `--help` says of a command, each entry in one line. */
type HelpOf = (command: string[]) => Promise<string>;

/** A part of a help text: "Commands:", "Options:" and the like, with its lines. */
interface Section {
  title: string;
  lines: string[];
}

/**
 * Text as roff has it: no line of it is taken for a request, a dash is one that can be copied, and a
 * terminal that has only ASCII misses nothing.
 */
function escaped(text: string): string {
  return text
    .replaceAll("…", "...")
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^(['.])/, "\\&$1");
}

function sectionsOf(help: string): Section[] {
  const sections: Section[] = [{ title: "", lines: [] }];
  for (const line of help.split("\n")) {
    const title = /^([A-Z][A-Za-z ]*):$/.exec(line)?.[1];
    if (title !== undefined) sections.push({ title, lines: [] });
    else if (line.trim() !== "") sections.at(-1)?.lines.push(line);
  }
  return sections;
}

/** Name and explanation of an entry: they are at least two spaces apart. */
function entryOf(line: string): { name: string; text: string } {
  const [, name = line.trim(), text = ""] = /^\s*(.*?\S)\s{2,}(\S.*)$/.exec(line) ?? [];
  return { name, text: text.replace(/\s{2,}/g, " ") };
}

function renderEntries({ lines }: Section): string[] {
  return lines.flatMap((line) => {
    // A command's own last words follow its options.
    if (!/^\s/.test(line)) return [".PP", escaped(line)];
    const { name, text } = entryOf(line);
    return [".TP", `.B ${escaped(name)}`, escaped(text)];
  });
}

/** Sections in which each line is an entry. */
const listed = ["Commands", "Positionals", "Options", "Exit codes"];

/** A command with all those below it. `common`: options that the page tells once for all. */
async function renderCommand(
  command: string[],
  help: string,
  common: Set<string>,
  helpOf: HelpOf,
): Promise<string[]> {
  const [introduction, ...sections] = sectionsOf(help);
  const [usage = "", ...description] = introduction?.lines ?? [];
  const below = sections.find(({ title }) => title === "Commands");
  if (below) {
    const pages = below.lines.map(async (line) => {
      const words = entryOf(line).name.split(" ").slice(1);
      const name = words.slice(0, command.length + 1);
      return renderCommand(name, await helpOf(name), common, helpOf);
    });
    return (await Promise.all(pages)).flat();
  }
  const own = sections
    .filter(({ title }) => listed.includes(title) && title !== "Exit codes")
    .map((section) => ({
      ...section,
      lines: section.lines.filter((line) => !common.has(entryOf(line).name)),
    }));
  return [`.SS ${escaped(usage)}`, ...description.map(escaped), ...own.flatMap(renderEntries)];
}

/** The page as roff. */
export async function renderManual(helpOf: HelpOf): Promise<string> {
  const help = await helpOf([]);
  const sections = sectionsOf(help);
  const section = (title: string) => sections.find((one) => one.title === title) ?? { title, lines: [] };
  const options = section("Options");
  const common = new Set(options.lines.map((line) => entryOf(line).name));
  const commands: string[] = [];
  for (const line of section("Commands").lines) {
    const name = entryOf(line).name.split(" ").slice(1, 2);
    commands.push(...(await renderCommand(name, await helpOf(name), common, helpOf)));
  }
  return [
    '.TH VOYAGER 1 "" nix\\-voyager "User Commands"',
    ".SH NAME",
    "voyager \\- builds that link against the operating system's own libraries, for Nix",
    ".SH SYNOPSIS",
    ".B voyager",
    ".I COMMAND",
    "[options]",
    ".SH COMMANDS",
    ...commands,
    ".SH OPTIONS OF ALL COMMANDS",
    ...renderEntries(options),
    ".SH EXIT STATUS",
    ...renderEntries(section("Exit codes")),
    ".SH FILES",
    ".TP",
    ".I /etc/nix\\-voyager/broker.json",
    "What builds may do, for the broker.",
    ".TP",
    ".I /run/nix\\-voyager/engine.json",
    "Settings of the engine.",
    "",
  ].join("\n");
}
