/** The command line of the administrators' commands: what is delivered, and what has become of it. */
import type yargs from "yargs";
import { VoyagerError } from "../common/errors.ts";
import type { Log } from "../common/log.ts";
import { connect } from "../engine/connect.ts";

type Parser = ReturnType<typeof yargs>;

/** What a command needs of the whole command line. */
export interface Context {
  log(options: unknown): Log;
  setExitCode(code: number): void;
}

const json = { type: "boolean", default: false, describe: "Print JSON instead of a table" } as const;

function places(parser: Parser): Parser {
  return parser
    .positional("path", {
      type: "string",
      array: true,
      default: [],
      describe: "Store paths, result links, folders that hold such; addresses of stores (file:///…)",
    })
    .option("closure", { type: "boolean", default: false, describe: "Also all that they need at run time" })
    .option("store", {
      type: "string",
      describe: "Address of the store that the paths are in, as Nix has it",
    })
    .option("json", json)
    .check(({ path, store }) => {
      if ((path as string[]).length > 0 || store !== undefined) return true;
      throw new VoyagerError("usage", "name a store path, a folder, or the address of a store");
    }) as Parser;
}

interface PlaceOptions {
  path: string[];
  closure: boolean;
  store: string | undefined;
  json: boolean;
  engine: string | undefined;
}

function placesOf(options: unknown): {
  paths: string[];
  closure: boolean;
  store: string | undefined;
  json: boolean;
} {
  const { path, closure, store, json } = options as PlaceOptions;
  return { paths: path.map(String), closure, store, json };
}

/** Adds `affected`, `verify` and `stale` to the command line. */
export function administratorCommands(parser: Parser, context: Context): Parser {
  return parser
    .command(
      "affected [path..]",
      "Which deliveries a system package's fix concerns, and which must be built again for it",
      (command) => affectedOptions(places(command as Parser)),
      async (options) => {
        const { affected } = await import("./affected.ts");
        const { package: packages, source, fixed, system } = options as Record<string, unknown>;
        context.setExitCode(
          await affected({
            ...placesOf(options),
            packages: packages as string[],
            sources: source as string[],
            fixed: (fixed as string | undefined) ?? null,
            system: system as string | undefined,
          }),
        );
      },
    )
    .command(
      "verify [path..]",
      "Whether this system has what deliveries need, and what to install",
      (command) =>
        places(command as Parser).option("root", {
          type: "string",
          describe: "Root folder of another system",
        }),
      async (options) => {
        const { verify } = await import("./verify.ts");
        context.setExitCode(await verify({ ...placesOf(options), root: options.root as string | undefined }));
      },
    )
    .command(
      "stale [path..]",
      "Which deliveries were built with packages that have newer versions now",
      (command) => staleOptions(places(command as Parser)),
      async (options) => {
        const { stale } = await import("./stale.ts");
        const { engine, file, all } = options as Record<string, unknown>;
        context.setExitCode(
          await stale(
            connect(engine as string | undefined),
            { ...placesOf(options), file: file as string | undefined, all: all as boolean },
            context.log(options),
          ),
        );
      },
    ) as Parser;
}

function affectedOptions(parser: Parser): Parser {
  const names = {
    type: "string",
    array: true,
    requiresArg: true,
    nargs: 1,
    default: [] as string[],
  } as const;
  return parser
    .option("package", { ...names, describe: "Name of a binary or source package; may be given again" })
    .option("source", { ...names, describe: "Name of a source package" })
    .option("fixed", { type: "string", describe: "First version that has the fix" })
    .option("system", {
      type: "string",
      describe: "Only deliveries for this system, such as debian12",
    }) as Parser;
}

function staleOptions(parser: Parser): Parser {
  return parser
    .option("file", { type: "string", describe: "JSON file with the systems, or one system" })
    .option("all", {
      type: "boolean",
      default: false,
      describe: "Also show packages that were only there while it was built",
    }) as Parser;
}
