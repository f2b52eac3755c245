/** The `voyager` command for people and machines. Each command's work is in a file of its own. */
import yargs from "yargs";
import { failureKinds, VoyagerError } from "../common/errors.ts";
import { createLog, type Log, type LogFormat, writeToStdout } from "../common/log.ts";
import { brokerSocket } from "../engine/locate.ts";
import { policyFile } from "../broker/policy.ts";
import { administratorCommands } from "./administrators.ts";
import { deliveryCommands } from "./deliveries.ts";
import { imageCommands } from "./images.ts";
import { pinningCommands } from "./pinning.ts";

type Parser = ReturnType<typeof yargs>;

interface CommonOptions {
  engine: string | undefined;
  logFormat: string;
  json?: boolean;
}

const json = { type: "boolean", default: false, describe: "Print JSON instead of a table" } as const;

const machines = {
  type: "string",
  describe:
    "Also check a machines file, such as Hydra's: does one take builds, or are they queued in silence",
} as const;

const logOf = (options: unknown): Log => createLog((options as CommonOptions).logFormat as LogFormat);

/** Runs the command line. Resolves with the exit code; throws VoyagerError. */
export async function runCommandLine(args: string[]): Promise<number> {
  let exitCode = 0;
  const parser = commandLine(args, (code) => {
    exitCode = code;
  });
  await parser.parseAsync();
  return exitCode;
}

/** What `--help` says of a command, in lines of any length. */
async function helpOf(command: string[]): Promise<string> {
  const parser = commandLine([], () => {}).wrap(10_000);
  return new Promise((resolve, reject) => {
    const answered = parser.parse([...command, "--help"], (error: unknown, _argv: unknown, output: string) =>
      output === "" ? reject(error) : resolve(output),
    );
    Promise.resolve(answered).catch(reject);
  });
}

function commandLine(args: string[], setExitCode: (code: number) => void): Parser {
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
      await build(logOf(options), options.engine as string | undefined);
    })
    .command("aggregate", "Judge the parts of a release (started by Nix)", {}, async (options) => {
      const { runAggregate } = await import("./aggregate.ts");
      await runAggregate(logOf(options));
    })
    .command(
      "build-hook [args..]",
      "Give builds to remote builders, and to another where one is gone (started by Nix)",
      (hook) => hook.positional("args", { type: "string", array: true, default: [] as string[] }),
      async (options) => {
        const { buildHook } = await import("./build-hook.ts");
        setExitCode(await buildHook(options.args.map(String)));
      },
    )
    .command(
      "shell <folder>",
      "Open a shell in the container of a build that `nix-build --keep-failed` kept",
      (shell) => shell.positional("folder", { type: "string", demandOption: true }),
      async (options) => {
        const { shell } = await import("./shell.ts");
        setExitCode(await shell(options.folder, options.engine as string | undefined));
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
          printProvenance(path as string, { key, output }, logOf(options));
        }
      },
    )
    .command("doctor", "Check whether this machine can build", { json, machines }, async (options) => {
      const { doctor } = await import("./doctor.ts");
      setExitCode(
        await doctor({
          json: options.json,
          engineAddress: options.engine as string | undefined,
          machines: options.machines,
        }),
      );
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
    .completion("completion", "Print the completion script of the shell that SHELL names: bash, zsh or fish")
    .command("manual", "Print the manual page, voyager(1)", {}, async () => {
      const { renderManual } = await import("./manual.ts");
      writeToStdout(await renderManual(helpOf));
    })
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
  const context = { log: logOf, setExitCode };
  imageCommands(parser as Parser, context);
  pinningCommands(parser as Parser, context);
  deliveryCommands(parser as Parser, context);
  return administratorCommands(parser as Parser, context);
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

function exitCodeHelp(): string {
  const lines = Object.values(failureKinds)
    .map(({ exitCode, meaning }) => ({ exitCode, meaning }))
    .sort((a, b) => a.exitCode - b.exitCode)
    .map(({ exitCode, meaning }) => `  ${String(exitCode).padStart(3)}  ${meaning}`);
  return `Exit codes:\n    0  success\n${lines.join("\n")}`;
}
