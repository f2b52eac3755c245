/** The command line of what pins a declaration's inputs: system packages, and files of a package index. */
import type yargs from "yargs";
import { connect } from "../engine/connect.ts";
import type { Context } from "./administrators.ts";

type Parser = ReturnType<typeof yargs>;

/** Adds `lock` and `requirements` to the command line. */
export function pinningCommands(parser: Parser, context: Context): Parser {
  return parser
    .command(
      "lock [file]",
      "Write the exact versions of a build's system packages to its system lock",
      (command) => lockOptions(command as Parser),
      async (options) => {
        const { lock } = await import("./lock.ts");
        const { engine, file, attr, output, fetch, check, update } = options as Record<string, unknown>;
        context.setExitCode(
          await lock(
            connect(engine as string | undefined),
            {
              file: file as string,
              attributes: (attr as string[] | undefined) ?? [],
              output: output as string | undefined,
              fetch: fetch as string | undefined,
              check: check as boolean,
              update: update as boolean,
              nixArguments: ((options["--"] as unknown[] | undefined) ?? []).map(String),
            },
            context.log(options),
          ),
        );
      },
    )
    .command(
      "requirements <file>",
      "Leave one hash of each line of a requirements file: that of the file to build or to install",
      (command) => requirementsOptions(command as Parser),
      async (options) => {
        const { requirements } = await import("./requirements.ts");
        const { engine, file, system, output, index } = options as Record<string, unknown>;
        await requirements(
          connect(engine as string | undefined),
          {
            file: file as string,
            system: system as string,
            output: output as string | undefined,
            index: index as string | undefined,
          },
          context.log(options),
        );
      },
    ) as Parser;
}

function lockOptions(parser: Parser): Parser {
  return parser
    .positional("file", {
      type: "string",
      default: ".",
      describe: "Nix file or folder that declares the build",
    })
    .option("attr", {
      alias: "A",
      type: "string",
      array: true,
      nargs: 1,
      describe: "Attribute of the build in it; may be given again, for builds that share the lock",
    })
    .option("output", {
      alias: "o",
      type: "string",
      describe: "The lock; default: the one that the build's systemLock names",
    })
    .option("update", {
      type: "boolean",
      default: false,
      describe: "Make it anew, with the versions of today",
    })
    .option("check", {
      type: "boolean",
      default: false,
      describe: "Only say whether the mirror still has everything that the lock names",
    })
    .option("fetch", {
      type: "string",
      describe: "Also download the packages into this folder; default: the one that systemLock names",
    })
    .epilogue("What follows -- goes to nix-instantiate: -- -I nix-voyager=… --argstr name value") as Parser;
}

function requirementsOptions(parser: Parser): Parser {
  return parser
    .positional("file", {
      type: "string",
      demandOption: true,
      describe: "Requirements with the hashes of each version, as pip-compile --generate-hashes writes them",
    })
    .option("output", {
      alias: "o",
      type: "string",
      describe: "File to write to, instead of standard output",
    })
    .option("system", {
      type: "string",
      default: "debian12",
      describe: "System whose Python decides the environment markers",
    })
    .option("index", {
      type: "string",
      describe: "Address of the package index; default: what pip is set to use on this machine",
    }) as Parser;
}
