/** The packages that an engine keeps for the systems of a test run. */
import { must, run } from "./run.ts";

/** Removes those of all systems whose names have the run's id in them. */
export async function removeKeptPackages(runId: string): Promise<void> {
  const format = '{{.Name}} {{.Label "nix-voyager.system"}}';
  const filter = ["--filter", "label=nix-voyager.kind=packages"];
  const listed = await must("docker", ["volume", "ls", "--format", format, ...filter]);
  for (const line of listed.split("\n")) {
    const [name = "", system] = line.split(" ");
    if (system?.includes(runId)) await run("docker", ["volume", "rm", "--force", name]);
  }
}
