/** The command line of `image` and `environment`: what the engine holds for nix-voyager. */
import type yargs from "yargs";
import { connect } from "../engine/connect.ts";
import type { Context } from "./administrators.ts";

type Parser = ReturnType<typeof yargs>;

const json = { type: "boolean", default: false, describe: "Print JSON instead of a table" } as const;
const olderThan = {
  type: "string",
  describe: 'Only what is older than this, such as "12h" or "7d"',
} as const;

const engineOf = (options: unknown) => connect((options as { engine?: string }).engine);

/** Adds `image` and `environment` to the command line. */
export function imageCommands(parser: Parser, context: Context): Parser {
  return parser
    .command("image", "Base images of systems", (image) => baseCommands(image as Parser, context))
    .command("environment", "Cached environments", (environment) =>
      carryCommands(environmentCommands(environment as Parser, context), context).demandCommand(
        1,
        "name what to do: list, prune, export or import",
      ),
    ) as Parser;
}

function baseCommands(parser: Parser, context: Context): Parser {
  return parser
    .command(
      "bootstrap <system>",
      "Make a system's base image from the distribution's packages, without a registry",
      (command) =>
        command
          .positional("system", { type: "string", demandOption: true, describe: "Name, such as debian12" })
          .option("file", { type: "string", describe: "JSON file with the systems, or one system" })
          .option("unless-available", {
            type: "boolean",
            default: false,
            describe: "Only if the engine neither holds the system's image nor can pull it",
          })
          .option("force", { type: "boolean", default: false, describe: "Make it anew if it exists" }),
      async (options) => {
        const { bootstrap } = await import("./image.ts");
        await bootstrap(engineOf(options), options, context.log(options));
      },
    )
    .command("list", "Base images on the engine", { json }, async (options) => {
      const { list } = await import("./image.ts");
      await list(engineOf(options), "base", options.json);
    })
    .command(
      "prune",
      "Remove base images that no environment uses",
      { "older-than": olderThan },
      async (options) => {
        const { prune } = await import("./image.ts");
        await prune(engineOf(options), "base", options["older-than"], context.log(options));
      },
    )
    .demandCommand(1, "name what to do: bootstrap, list or prune") as Parser;
}

function environmentCommands(parser: Parser, context: Context): Parser {
  return parser
    .command("list", "Environments on the engine", { json }, async (options) => {
      const { list } = await import("./image.ts");
      await list(engineOf(options), "environment", options.json);
    })
    .command(
      "prune",
      "Remove environments; a build makes what it needs again",
      { "older-than": olderThan },
      async (options) => {
        const { prune } = await import("./image.ts");
        await prune(engineOf(options), "environment", options["older-than"], context.log(options));
      },
    ) as Parser;
}

/** What brings an environment to another engine. */
function carryCommands(parser: Parser, context: Context): Parser {
  return parser
    .command(
      "export [file]",
      "Write a build's environment to a folder, for engines of other machines",
      (command) =>
        command
          .positional("file", {
            type: "string",
            default: ".",
            describe: "Nix file or folder that declares the build",
          })
          .option("attr", { alias: "A", type: "string", nargs: 1, describe: "Attribute of the build in it" })
          .option("output", { alias: "o", type: "string", demandOption: true, describe: "The new folder" })
          .epilogue(
            "It is made if there is no fresh one. What follows -- goes to nix-instantiate: -- -I nix-voyager=…",
          ),
      async (options) => {
        const { exportTo } = await import("./environment.ts");
        const declaration = {
          file: options.file,
          attribute: options.attr,
          nixArguments: ((options["--"] as unknown[] | undefined) ?? []).map(String),
        };
        await exportTo(engineOf(options), declaration, options.output, context.log(options));
      },
    )
    .command(
      "import <folder>",
      "Give the engine an environment that was exported, once its archive has been checked",
      (command) =>
        command
          .positional("folder", {
            type: "string",
            demandOption: true,
            describe: "The folder, such as a path in the Nix store",
          })
          .option("replace-base", {
            type: "boolean",
            default: false,
            describe: "Also if the engine has another base image of that name, which then loses it",
          }),
      async (options) => {
        const { importEnvironment } = await import("../environment/carry/import.ts");
        const { folder, "replace-base": replaceBase } = options;
        await importEnvironment(engineOf(options), folder, { replaceBase }, context.log(options));
      },
    ) as Parser;
}
