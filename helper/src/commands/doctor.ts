/** `voyager doctor`: every check, with its remedy. */
import { failureKinds } from "../common/errors.ts";
import { type Finding, ok } from "../doctor/check.ts";
import {
  checkBaseImages,
  checkBroker,
  checkBuildSocket,
  checkClock,
  checkSettings,
  reachEngine,
} from "../doctor/engine-checks.ts";
import { checkCertificates, checkDisks } from "../doctor/host-checks.ts";
import { checkMachinesFile } from "../doctor/machines.ts";
import { buildsHere, checkNix, isSandboxed, readNixConfig } from "../doctor/nix-checks.ts";

interface DoctorOptions {
  engineAddress?: string | undefined;
  /** Machines file to look at, too. */
  machines?: string | undefined;
}

/** Runs all checks. They are independent: one that fails does not hide another. */
export async function findAll({ engineAddress, machines }: DoctorOptions = {}): Promise<Finding[]> {
  const nix = readNixConfig();
  const engine = buildsHere(nix) || engineAddress !== undefined;
  const { findings, dataFolder } = engine
    ? await checkEngine(isSandboxed(nix), engineAddress)
    : { findings: [ok("engine", "not needed here: other machines build")], dataFolder: null };
  return [
    ...checkNix(nix),
    ...(machines === undefined ? [] : checkMachinesFile(machines, nix?.platform ?? thisPlatform)),
    ...findings,
    ...checkDisks(dataFolder),
    checkCertificates(),
  ];
}

/** Where there is no Nix to say it. */
const thisPlatform = process.arch === "arm64" ? "aarch64-linux" : "x86_64-linux";

async function checkEngine(
  sandboxed: boolean,
  address: string | undefined,
): Promise<{ findings: Finding[]; dataFolder: string | null }> {
  const { finding, engine, info } = await reachEngine(address);
  const findings = [
    finding,
    checkBuildSocket(sandboxed),
    ...(await checkBroker()),
    checkSettings(),
    ...(engine && info ? [await checkBaseImages(engine), checkClock(info)] : []),
  ];
  return { findings, dataFolder: info?.dataFolder ?? null };
}

const marks = { ok: "ok     ", warning: "warning", bad: "BAD    " };

/** Prints the findings. Resolves with the exit code: not 0 if something prevents builds. */
export async function doctor(options: DoctorOptions & { json: boolean }): Promise<number> {
  const findings = await findAll(options);
  if (options.json) {
    process.stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
  } else {
    const width = Math.max(...findings.map(({ name }) => name.length));
    for (const { name, status, detail, remedy } of findings) {
      process.stdout.write(`${marks[status]}  ${name.padEnd(width)}  ${detail}\n`);
      if (remedy) process.stdout.write(`${" ".repeat(width + 11)}remedy: ${remedy}\n`);
    }
  }
  return findings.some(({ status }) => status === "bad") ? failureKinds.doctor.exitCode : 0;
}
