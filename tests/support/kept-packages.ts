/** The packages that an engine keeps for the systems of a test run. */
import { runId } from "./nix.ts";
import { must } from "./run.ts";

/** Removes those of all systems whose names end with this run's id. */
export async function removeKeptPackages(): Promise<void> {
  const format = '{{.Name}} {{.Label "nix-voyager.system"}}';
  const filter = ["--filter", "label=nix-voyager.kind=packages"];
  const listed = await must("docker", ["volume", "ls", "--format", format, ...filter]);
  for (const line of listed.split("\n")) {
    const [name = "", system] = line.split(" ");
    if (system?.endsWith(`-${runId}`)) await must("docker", ["volume", "rm", "--force", name]);
  }
}
