/** `voyager shell`, after a build that failed, in whichever way its files were moved. */
import { spawn } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { nixBuild, voyagerCommand } from "../support/nix.ts";

test("shell opens the container of a failed build, as the build left it", async () => {
  const command = await voyagerCommand();
  const { stderr } = await nixBuild(
    `build { pname = "kept"; env.COLOUR = "blue"; buildScript = "echo half > half-done; false"; }`,
    ["--keep-failed"],
  );
  const kept = /keeping build directory '(.*)'/.exec(stderr)?.[1] ?? "";
  expect(readdirSync(kept).length).toBeGreaterThan(0);
  const output = await new Promise<string>((resolve) => {
    const child = spawn(command, ["shell", kept], { stdio: ["pipe", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (data: Buffer) => {
      text += data.toString();
    });
    child.on("close", () => resolve(text));
    child.stdin.end("cat half-done; echo $COLOUR; pwd; touch $out/can-write && echo writable\n");
  });
  expect(output).toBe("half\nblue\n/build/source\nwritable\n");
  rmSync(kept, { recursive: true });
});
