import { renderManual } from "./manual.ts";

const texts: Record<string, string> = {
  "": `voyager COMMAND

Builds, for Nix.

Commands:
  voyager image         Base images
  voyager lock [file]   Write versions

Options:
  --help    Show help  [boolean]
  --engine  Address of the engine  [string]

Exit codes:
    0  success
   64  the command line is not understood
`,
  image: `voyager image

Base images

Commands:
  voyager image make <system>  Make one

Options:
  --help    Show help  [boolean]
  --engine  Address of the engine  [string]
`,
  "image make": `voyager image make <system>

Make one

Positionals:
  system  Name, such as debian12  [string] [required]

Options:
  --help    Show help  [boolean]
  --engine  Address of the engine  [string]
      --force  Make it anew  [boolean] [default: false]
`,
  lock: `voyager lock [file]

.Write versions … with a \\

Options:
  --help        Show help  [boolean]
  --engine      Address of the engine  [string]
  -A, --attr    Attribute  [array]
`,
};

test("all commands, each with its own options; those of all commands once", async () => {
  const page = await renderManual(async (command) => texts[command.join(" ")] ?? "");
  expect(page.split("\n")).toEqual(
    expect.arrayContaining([
      ".SS voyager image make <system>",
      "Make one",
      ".B system",
      "Name, such as debian12 [string] [required]",
      ".B \\-\\-force",
      ".SS voyager lock [file]",
      "\\&.Write versions ... with a \\e",
      ".B \\-A, \\-\\-attr",
      ".B 64",
      "the command line is not understood",
    ]),
  );
  expect(page.match(/\.B \\-\\-engine/g)).toHaveLength(1);
  expect(page.startsWith(".TH VOYAGER 1 ")).toBe(true);
});
