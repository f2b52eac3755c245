/** The command line of what brings deliveries to others: channels, and binary caches. */
import type yargs from "yargs";
import type { Context } from "./administrators.ts";

type Parser = ReturnType<typeof yargs>;

/** Adds `channel` and `publish` to the command line. */
export function deliveryCommands(parser: Parser, context: Context): Parser {
  return parser
    .command("channel", "Make a channel (started by Nix)", {}, async (options) => {
      const { channel } = await import("./channel.ts");
      await channel(context.log(options));
    })
    .command(
      "publish <path..>",
      "Copy builds and channels to a binary cache, signed, if all their linkage reports pass",
      (command) => publishOptions(command as Parser),
      async (options) => {
        const { publish } = await import("./publish.ts");
        const { path, to, keyFile, channelDir, json } = options as Record<string, unknown>;
        await publish(
          {
            paths: (path as unknown[]).map(String),
            to: to as string,
            keyFile: keyFile as string,
            channelDir: channelDir as string | undefined,
            json: json as boolean,
          },
          context.log(options),
        );
      },
    ) as Parser;
}

function publishOptions(parser: Parser): Parser {
  return parser
    .positional("path", {
      type: "string",
      array: true,
      demandOption: true,
      describe: "Results of builds, or of mkChannel, which is published with its packages",
    })
    .option("to", {
      type: "string",
      demandOption: true,
      requiresArg: true,
      describe: "Address of the store, as Nix has it: file:///folder, http://…, s3://bucket, ssh://host",
    })
    .option("key-file", {
      type: "string",
      demandOption: true,
      requiresArg: true,
      describe: "File with the secret key to sign with (nix-store --generate-binary-cache-key)",
    })
    .option("channel-dir", {
      type: "string",
      requiresArg: true,
      describe: "Also lay out the channel in this folder, for a web server",
    })
    .option("json", {
      type: "boolean",
      default: false,
      describe: "Print JSON instead of a table",
    }) as Parser;
}
