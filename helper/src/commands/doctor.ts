/** `voyager doctor`: every check, with its remedy. */
import { failureKinds } from "../common/errors.ts";
import type { Finding } from "../doctor/check.ts";
import {
  checkBaseImages,
  checkBroker,
  checkBuildSocket,
  checkClock,
  checkSettings,
  reachEngine,
} from "../doctor/engine-checks.ts";
import { checkCertificates, checkDisks } from "../doctor/host-checks.ts";
import { checkNix, isSandboxed, readNixConfig } from "../doctor/nix-checks.ts";
import { checkCoordinator } from "../doctor/remote-builders.ts";

/** Runs all checks. They are independent: one that fails does not hide another. */
export async function findAll(engineAddress?: string): Promise<Finding[]> {
  const nix = readNixConfig();
  const coordinator = nix && checkCoordinator(nix);
  // Whoever names an engine wants to know of it.
  if (coordinator && !engineAddress) return [...coordinator, ...checkDisks(null), checkCertificates()];
  const { finding, engine, info } = await reachEngine(engineAddress);
  return [
    ...checkNix(nix),
    finding,
    checkBuildSocket(isSandboxed(nix)),
    ...(await checkBroker()),
    checkSettings(),
    ...(engine && info ? [await checkBaseImages(engine), checkClock(info)] : []),
    ...checkDisks(info?.dataFolder ?? null),
    checkCertificates(),
  ];
}

const marks = { ok: "ok     ", warning: "warning", bad: "BAD    " };

/** Prints the findings. Resolves with the exit code: not 0 if something prevents builds. */
export async function doctor(options: {
  json: boolean;
  engineAddress?: string | undefined;
}): Promise<number> {
  const findings = await findAll(options.engineAddress);
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
