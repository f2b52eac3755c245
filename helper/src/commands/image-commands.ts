/** The command line of `voyager image` and `voyager environment`: what the engine keeps. */
import type yargs from "yargs";
import type { Log } from "../common/log.ts";
import { connect } from "../engine/connect.ts";

type Parser = ReturnType<typeof yargs>;

const json = { type: "boolean", default: false, describe: "Print JSON instead of a table" } as const;
const olderThan = {
  type: "string",
  describe: 'Only what is older than this, such as "12h" or "7d"',
} as const;

/** Adds what can be done with base images to `voyager image`. */
export function imageCommands(parser: Parser, logOf: (options: unknown) => Log): Parser {
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
        await bootstrap(connect(options.engine as string | undefined), options, logOf(options));
      },
    )
    .command("list", "Base images on the engine", { json }, async (options) => {
      const { list } = await import("./image.ts");
      await list(connect(options.engine as string | undefined), "base", options.json);
    })
    .command(
      "prune",
      "Remove base images that no environment uses",
      { "older-than": olderThan },
      async (options) => {
        const { prune } = await import("./image.ts");
        await prune(
          connect(options.engine as string | undefined),
          "base",
          options["older-than"] as string | undefined,
          logOf(options),
        );
      },
    )
    .demandCommand(1, "name what to do: bootstrap, list or prune");
}

/** Adds what can be done with environments to `voyager environment`. */
export function environmentCommands(parser: Parser, logOf: (options: unknown) => Log): Parser {
  return parser
    .command("list", "Environments on the engine", { json }, async (options) => {
      const { list } = await import("./image.ts");
      await list(connect(options.engine as string | undefined), "environment", options.json);
    })
    .command(
      "prune",
      "Remove environments; a build makes what it needs again",
      { "older-than": olderThan },
      async (options) => {
        const { prune } = await import("./image.ts");
        await prune(
          connect(options.engine as string | undefined),
          "environment",
          options["older-than"] as string | undefined,
          logOf(options),
        );
      },
    )
    .demandCommand(1, "name what to do: list or prune");
}
