import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { temporaryFolders } from "../../testing/folders.ts";
import { configurationFiles, pipSettings, variablesFile } from "./pip-settings.ts";

const folder = temporaryFolders();
const environment = { ...process.env };
afterEach(() => {
  process.env = { ...environment };
});

const global = ["/etc/xdg/pip/pip.conf", "/etc/pip.conf"];
const user = ["/home/u/.pip/pip.conf", "/home/u/.config/pip/pip.conf"];

describe("the files that pip reads, the later wins", () => {
  test.each<[string, NodeJS.ProcessEnv, string[]]>([
    ["global, then the user's", {}, [...global, ...user]],
    ["a variable that is empty is none", { XDG_CONFIG_HOME: "", PIP_CONFIG_FILE: "" }, [...global, ...user]],
    [
      "by other folders",
      { XDG_CONFIG_DIRS: "/a:/b", XDG_CONFIG_HOME: "/c" },
      ["/a/pip/pip.conf", "/b/pip/pip.conf", "/etc/pip.conf", "/home/u/.pip/pip.conf", "/c/pip/pip.conf"],
    ],
    ["of the virtual environment", { VIRTUAL_ENV: "/venv" }, [...global, ...user, "/venv/pip.conf"]],
    ["none", { PIP_CONFIG_FILE: "/dev/null", VIRTUAL_ENV: "/venv" }, []],
    ["a named one that is not there", { PIP_CONFIG_FILE: "/nowhere/pip.conf" }, [...global, ...user]],
  ])("%s", (_name, env, files) => {
    expect(configurationFiles(env, "/home/u")).toEqual(files);
  });

  test("a named one instead of the user's, before all", () => {
    const named = join(folder(), "pip.conf");
    writeFileSync(named, "");
    const env = { PIP_CONFIG_FILE: named, VIRTUAL_ENV: "/venv" };
    expect(configurationFiles(env, "/home/u")).toEqual([...global, "/venv/pip.conf", named]);
  });
});

describe("what the container gets", () => {
  /** The files by their names, with a machine that has these and no other settings. */
  function sent(files: Record<string, string>, variables: NodeJS.ProcessEnv = {}) {
    const here = folder();
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(here, name, ".."), { recursive: true });
      writeFileSync(join(here, name), text);
    }
    const own = Object.entries(environment).filter(([name]) => !/^PIP_|CERT|VIRTUAL_ENV/.test(name));
    process.env = { ...Object.fromEntries(own), XDG_CONFIG_DIRS: here, XDG_CONFIG_HOME: join(here, "home") };
    for (const [name, value] of Object.entries(variables)) process.env[name] = value?.replace("HERE", here);
    const entries = pipSettings("/tmp/s", undefined).map(({ path, content }) => [
      path,
      content.type === "File" ? content.text : "",
    ]);
    return { here, got: Object.fromEntries(entries) as Record<string, string> };
  }

  test("each file, with its name on this machine, and the variables of pip", () => {
    const files = { "pip/pip.conf": "[global]\n", "home/pip/pip.conf": "[install]\n" };
    const { here, got } = sent(files, { PIP_TRUSTED_HOST: "a.example", PIP_RETRIES: "" });
    const line = /^export VOYAGER_PIP_FILES='(.*)'$/m.exec(got[variablesFile] ?? "")?.[1] ?? "";
    const told = JSON.parse(line) as [string, string][];
    const text = (name: string) => {
      const path = told.find(([, own]) => own === join(here, name))?.[0] ?? "";
      return got[path.replace("/tmp/s/", "")];
    };
    expect(text("pip/pip.conf")).toBe("[global]\n");
    expect(text("home/pip/pip.conf")).toBe("[install]\n");
    expect(told.at(-1)?.[1]).toBe(join(here, "home/pip/pip.conf"));
    expect(got[variablesFile]).toContain("export PIP_TRUSTED_HOST='a.example'\n");
    expect(got[variablesFile]).not.toContain("PIP_RETRIES");
  });

  test("the certificates that pip would take", () => {
    const files = { "a.pem": "a", "b.pem": "b", "c.pem": "c" };
    const named = { SSL_CERT_FILE: "HERE/a.pem" };
    const { got } = sent(files, { ...named, PIP_CONFIG_FILE: "/dev/null" });
    expect(got["certificates.pem"]).toBe("a");
    const { here } = sent(files);
    const configured = { ...files, "home/pip/pip.conf": `[global]\n# cert = x\nCERT = ${here}/b.pem\n` };
    expect(sent(configured, named).got["certificates.pem"]).toBe("b");
    expect(sent(configured, { PIP_CERT: "HERE/c.pem" }).got["certificates.pem"]).toBe("c");
    // A section wins over [global], whichever files they are in.
    const sections = { ...configured, "pip/pip.conf": `[install]\ncert = ${here}/c.pem\n` };
    expect(sent(sections).got["certificates.pem"]).toBe("c");
  });

  test("a certificate in the home folder", () => {
    const file = join(homedir(), `.voyager-test-${process.pid}.pem`);
    writeFileSync(file, "mine");
    try {
      const text = `[global]\ncert = ~/${basename(file)}\n`;
      expect(sent({ "home/pip/pip.conf": text }).got["certificates.pem"]).toBe("mine");
    } finally {
      rmSync(file);
    }
  });
});
