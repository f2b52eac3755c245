/** The `voyager` command for people and machines. Each command's work is in a file of its own. */
import yargs from "yargs";
import { failureKinds, VoyagerError } from "../common/errors.ts";
import { createLog, type Log, type LogFormat } from "../common/log.ts";
import { connect } from "../engine/connect.ts";
import { brokerSocket } from "../engine/locate.ts";
import { policyFile } from "../broker/policy.ts";
import { administratorCommands } from "./administrators.ts";
import { pinningCommands } from "./pinning.ts";

type Parser = ReturnType<typeof yargs>;

interface CommonOptions {
  engine: string | undefined;
  logFormat: string;
  json?: boolean;
}

const json = { type: "boolean", default: false, describe: "Print JSON instead of a table" } as const;
const olderThan = {
  type: "string",
  describe: 'Only what is older than this, such as "12h" or "7d"',
} as const;

function logOf(options: CommonOptions): Log {
  return createLog(options.logFormat as LogFormat);
}

/** Runs the command line. Resolves with the exit code; throws VoyagerError. */
export async function runCommandLine(args: string[]): Promise<number> {
  let exitCode = 0;
  const parser = yargs(args)
    .scriptName("voyager")
    .usage("$0 COMMAND\n\nBuilds in containers of the target system, for Nix.")
    .option("engine", {
      type: "string",
      describe: "Address of the engine (unix:///path); default: DOCKER_HOST, then the usual sockets",
    })
    .option("log-format", {
      choices: ["human", "json"],
      default: process.env.VOYAGER_LOG_FORMAT ?? "human",
      describe: "How the log on standard error is written",
    })
    .command("build", "Build a derivation (started by Nix)", {}, async (options) => {
      const { build } = await import("./build.ts");
      await build(logOf(options as unknown as CommonOptions), options.engine as string | undefined);
    })
    .command("image", "Base images of systems", (image) => imageCommands(image as Parser))
    .command("environment", "Cached environments", (environment) =>
      environmentCommands(environment as Parser),
    )
    .command(
      "shell <folder>",
      "Open a shell in the container of a build that `nix-build --keep-failed` kept",
      (shell) => shell.positional("folder", { type: "string", demandOption: true }),
      async (options) => {
        const { shell } = await import("./shell.ts");
        exitCode = await shell(options.folder, options.engine as string | undefined);
      },
    )
    .command(
      "linkage <path..>",
      "What store paths link to: the linkage reports of their builds",
      (linkage) =>
        linkage.positional("path", { type: "string", array: true, demandOption: true }).options({ json }),
      async (options) => {
        const { linkage } = await import("./linkage.ts");
        await linkage(options.path, options.json);
      },
    )
    .command(
      "provenance [path]",
      "Where a build came from, as a statement that can be signed and verified",
      (provenance) => provenanceOptions(provenance as Parser),
      async (options) => {
        const { printProvenance, verifyProvenance } = await import("./provenance.ts");
        const path = options.path as string | undefined;
        const key = options.key as string | undefined;
        if (options.verify) verifyProvenance(options.verify as string, key as string, path);
        else {
          const output = options.output as string | undefined;
          printProvenance(path as string, { key, output }, logOf(options as unknown as CommonOptions));
        }
      },
    )
    .command("doctor", "Check whether this machine can build", { json }, async (options) => {
      const { doctor } = await import("./doctor.ts");
      exitCode = await doctor({ json: options.json, engineAddress: options.engine as string | undefined });
    })
    .command(
      "broker",
      "Serve builds of this machine's Nix: gives them what they need of the engine, and no more",
      (command) => brokerOptions(command as Parser),
      async (options) => {
        const { broker } = await import("./broker.ts");
        await broker(options.engine as string | undefined, {
          socket: options.socket as string,
          policy: options.policy as string,
          systems: options.systems as string[],
          trail: options.trail as string | undefined,
          mounts: options.mounts as string,
        });
      },
    )
    .demandCommand(1, "name a command")
    .strict()
    .parserConfiguration({ "populate--": true })
    .version(false)
    .epilogue(exitCodeHelp())
    .wrap(Math.min(100, process.stdout.columns ?? 100))
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new VoyagerError("usage", message, { remedy: "`voyager --help` lists the commands" });
    });
  const setExitCode = (code: number) => {
    exitCode = code;
  };
  const context = { log: (options: unknown) => logOf(options as CommonOptions), setExitCode };
  pinningCommands(parser as Parser, context);
  administratorCommands(parser as Parser, context);
  await parser.parseAsync();
  return exitCode;
}

function brokerOptions(parser: Parser): Parser {
  return parser
    .option("socket", {
      type: "string",
      default: brokerSocket,
      describe: "Where builds find it; it takes the place of one that listens there",
    })
    .option("policy", { type: "string", default: policyFile, describe: "What builds may do: a JSON file" })
    .option("systems", {
      type: "string",
      array: true,
      nargs: 1,
      default: process.env.VOYAGER_SYSTEMS ? [process.env.VOYAGER_SYSTEMS] : [],
      describe: "JSON file with systems that environments may be made of; default: those of the library",
    })
    .option("trail", { type: "string", describe: "File that gets the audit trail; default: standard error" })
    .option("mounts", {
      type: "string",
      default: "/run/nix-voyager-broker",
      describe: "Folder where builds' folders are mounted for the engine; for root only",
    }) as Parser;
}

function provenanceOptions(parser: Parser): Parser {
  return parser
    .positional("path", { type: "string", describe: "Store path of a build, or a link to it" })
    .option("key", {
      type: "string",
      describe: "ed25519 key in PEM: the private one to sign with, the public one to verify with",
    })
    .option("output", { type: "string", describe: "File to write to, instead of standard output" })
    .option("verify", {
      type: "string",
      describe: "Check this signed statement, and the files of the path if one is named",
    })
    .check(({ path, key, output, verify }) => {
      if (verify === undefined && path !== undefined) return true;
      if (verify !== undefined && key !== undefined && output === undefined) return true;
      throw new VoyagerError("usage", "name a path; or with --verify, the public key with --key");
    }) as Parser;
}

function imageCommands(parser: Parser): Parser {
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
        await bootstrap(
          connect(options.engine as string | undefined),
          options,
          logOf(options as unknown as CommonOptions),
        );
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
          logOf(options as unknown as CommonOptions),
        );
      },
    )
    .demandCommand(1, "name what to do: bootstrap, list or prune");
}

function environmentCommands(parser: Parser): Parser {
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
          logOf(options as unknown as CommonOptions),
        );
      },
    )
    .demandCommand(1, "name what to do: list or prune");
}

function exitCodeHelp(): string {
  const lines = Object.values(failureKinds)
    .map(({ exitCode, meaning }) => ({ exitCode, meaning }))
    .sort((a, b) => a.exitCode - b.exitCode)
    .map(({ exitCode, meaning }) => `  ${String(exitCode).padStart(3)}  ${meaning}`);
  return `Exit codes:\n    0  success\n${lines.join("\n")}`;
}
