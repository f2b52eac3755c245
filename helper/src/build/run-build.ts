/** One build, from its spec to checked outputs. */
import { copyFileSync, lstatSync, rmSync } from "node:fs";
import { join } from "node:path";
import { messageOf, VoyagerError } from "../common/errors.ts";
import { announcePhase, type Log, secondsSince } from "../common/log.ts";
import { redactor } from "../common/redact.ts";
import { ImageMissing } from "../engine/engine.ts";
import type { Records } from "../hydra/grammar.ts";
import type { Attributes } from "../spec/spec.ts";
import { attend } from "./attend.ts";
import type { BuildEngine } from "./build-engine.ts";
import { checkOutputs } from "./check-outputs.ts";
import { buildVariables, makeBuildFolder } from "./layout.ts";
import { disksOf, limitMet, withFullDisks } from "./limits-met.ts";
import { removeOtherRecords, writeNixSupport } from "./nix-support.ts";
import { OutputLog } from "./output-log.ts";
import { removeTree } from "./remove-tree.ts";
import type { Prepared } from "./report-files.ts";
import { BindsUnusable, runWithBinds } from "./run-with-binds.ts";
import type { AuditRoom, Build, Outcome } from "./runner.ts";
import { saveForShell } from "./saved-build.ts";
import { endOfScript, signalOf } from "./script-end.ts";

/**
 * Builds what the attributes describe. On return the outputs are complete; when it throws, there
 * are none: Nix would leave half an output in the store, for people to look at.
 *
 * @param buildTop the folder that Nix made for the build
 */
export async function runBuild(
  engine: BuildEngine,
  attributes: Attributes,
  buildTop: string,
  log: Log,
): Promise<void> {
  try {
    await attend(
      (note) => engine.noting(note),
      attributes.voyager,
      (attended) => build(attended, attributes, buildTop, log),
    );
  } catch (error) {
    // While the disk is as full as it was.
    const told = withFullDisks(error, disksOf(buildTop, attributes.outputs));
    for (const output of Object.values(attributes.outputs)) removeOutput(output, log);
    throw told;
  }
}

const nothingToTell: Records = { products: [], metrics: [] };

function removeOutput(path: string, log: Log): void {
  try {
    removeTree(path);
  } catch (error) {
    log.warn(`${path} is left behind: ${messageOf(error)}`);
  }
}

async function build(engine: BuildEngine, attributes: Attributes, buildTop: string, log: Log): Promise<void> {
  const { voyager: spec } = attributes;
  const ensure = () => engine.ensureEnvironment({ system: spec.system, ...spec.environment }, log);
  const environment = await ensure();
  const folder = join(buildTop, "container");
  makeBuildFolder(folder, attributes);
  const output = new OutputLog(log, {
    redact: redactor(spec.impureEnv.map((name) => process.env[name] ?? "")),
  });
  const variables = buildVariables(attributes, process.env);
  const start = performance.now();
  // These are loaded while the script runs, when there is time for it.
  const testing = () => import("./finish-test.ts");
  const auditing = () => import("./audit-build.ts");
  const isAudited = spec.result === "directory" && spec.test === null && spec.linkage !== null;
  const prepare = () => auditing().then(({ prepareAudit }) => prepareAudit(build));
  let prepared: Promise<Prepared> | null = null;
  const meanwhile = () => {
    engine.sweep(log);
    if (spec.test) testing();
    if (!isAudited) return;
    prepared = prepare();
    prepared.catch(() => {}); // whoever awaits it will see the error
  };
  let isFinished = false;
  const afterwards = async (room: AuditRoom) => {
    output.end();
    log.info({ seconds: secondsSince(start) }, `${spec.kind} ${spec.name}: built`);
    announcePhase("check");
    const told = spec.test ? await (await testing()).finishTest(build, spec.test, room) : nothingToTell;
    if (spec.result === "directory") {
      checkOutputs(attributes.outputs);
      removeOtherRecords(attributes.outputs);
    }
    const record = isAudited
      ? await (await auditing()).auditBuild(build, room, await (prepared ?? prepare()))
      : async () => told;
    isFinished = true;
    return async () => {
      const records = await record();
      if (spec.result === "directory") writeNixSupport(attributes, build.environment, records);
    };
  };
  const build: Build = {
    engine,
    environment,
    attributes,
    variables,
    folder,
    output,
    log,
    meanwhile,
    afterwards,
  };
  saveForShell(buildTop, build);

  announcePhase("build");
  const outcome = await run(build).catch(async (error: unknown) => {
    if (!(error instanceof ImageMissing)) throw error;
    // Somebody replaced or pruned it since we looked.
    build.environment = await ensure();
    return run(build);
  });
  output.end();
  if (outcome.status !== 0) throw await explainFailure(build, outcome);
  if (!isFinished) {
    throw new VoyagerError("build", `the build of ${spec.name} ended before it was looked at`, {
      why: "its container ended by itself, as if all had been well: a process of the build meddled with process 1",
      remedy: "have the build leave processes alone that it did not start",
    });
  }
  if (spec.result === "file") moveResults(build);
}

/** Most builds need none of it, and they need not wait until it is loaded. */
async function stream(build: Build): Promise<Outcome> {
  const { runStreamed } = await import("./run-streamed.ts");
  return runStreamed(build);
}

async function run(build: Build): Promise<Outcome> {
  const { transfer } = build.attributes.voyager;
  if (transfer === "stream") return stream(build);
  try {
    return await runWithBinds(build);
  } catch (error) {
    if (!(error instanceof BindsUnusable)) throw error;
    if (transfer === "bind") {
      throw new VoyagerError("transfer", 'transfer = "bind" is not possible here', {
        why: error.message,
        remedy: 'leave transfer at "auto", which falls back to streaming',
        cause: error,
      });
    }
    build.log.warn(`files are streamed, not bound: ${error.message}`);
    return stream(build);
  }
}

/** Results that are one file were written beside the build; Nix wants them at their final path. */
function moveResults({ attributes, folder }: Build): void {
  for (const [name, path] of Object.entries(attributes.outputs)) {
    const file = join(folder, `result-${name}`);
    if (!lstatSync(file, { throwIfNoEntry: false })?.isFile()) {
      throw new VoyagerError("output", `the build script did not write the file $${name}`, {
        remedy: `write the result to $${name}, as a regular file`,
      });
    }
    copyFileSync(file, path); // the build folder and the store may be different mounts
    rmSync(file);
  }
}

/** Statuses of builders/build, wheel and pypi for what they refuse. */
const refusalStatuses = new Set([65, 66, 67]);

async function explainFailure(build: Build, outcome: Outcome): Promise<VoyagerError> {
  const { status, container } = outcome;
  const spec = build.attributes.voyager;
  const lines = build.output.tail();
  const last = lines.length > 0 ? `\nlast lines:\n${lines.join("\n")}` : "";
  const signal = signalOf(status);
  // Any process may have met the limit, and its parent may have made another status of it.
  if (spec.limits.memory !== null && (await container.outOfMemory())) {
    const megabytes = Math.round(spec.limits.memory / 1024 / 1024);
    return new VoyagerError("killed", `${spec.name} needs more memory than its limit of ${megabytes} MiB`, {
      why: `the kernel ended a process of the build; exit status ${status}${last}`,
      remedy: "raise limits.memory",
    });
  }
  if (signal) {
    return new VoyagerError("killed", endOfScript(spec, status), {
      why: `exit status ${status}${last}`,
      remedy:
        signal === "SIGKILL"
          ? `if nobody killed it, ${spec.limits.memory === null ? "" : "it may have met limits.memory (not every engine tells), or "}the machine may have run out of memory: see the kernel's log`
          : "a program of the build crashed or was ended",
    });
  }
  // What our own scripts refuse (see builders/) they say in one line, and leave nothing to look into.
  const refusal = /^nix-voyager: (.*)/.exec(lines.at(-1) ?? "")?.[1];
  if (refusal && refusalStatuses.has(status)) {
    return new VoyagerError("source", `${spec.name}: ${refusal}`, { why: lines.slice(0, -1).join("\n") });
  }
  const met = limitMet(lines, spec.limits.pids, disksOf(join(build.folder, ".."), build.attributes.outputs));
  return new VoyagerError("build", endOfScript(spec, status), {
    why: `${met ? `${met.why}\n` : ""}${lines.join("\n")}`,
    remedy: `${met ? `${met.remedy}, or\n` : ""}look inside: build again with \`nix-build --keep-failed\`, then run \`voyager shell FOLDER\`\nwith the folder that Nix names: the same container, with the build as it was left`,
  });
}
