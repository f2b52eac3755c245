/** The programs that figures run beside nix-voyager: where they are, their versions, how one gets them. */
import { accessSync, constants, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { run } from "./command.mjs";
import { root } from "./nix.mjs";

/** Where setup/bench-tools puts what comes from PyPI. */
const pythonTools = join(root, "bench/out/tools");

/** The folder with its modules, which an interpreter in a container can use as well: none of them is compiled. */
export function pythonModules() {
  const lib = join(pythonTools, "lib");
  const interpreter = readdirSync(lib).find((name) => name.startsWith("python3"));
  return join(lib, interpreter, "site-packages");
}

const fromPypi = "./setup/bench-tools";
const fromDebian = (name) => `apt install ${name}`;

/**
 * Name → how to install it, and what prints its version (a command; its first line counts).
 * `program` is its name, if that is another.
 */
const tools = {
  tar: { install: fromDebian("tar"), version: ["tar", "--version"] },
  pip: { install: fromPypi, version: ["pip", "--version"] },
  cibuildwheel: {
    install: fromPypi,
    version: ["python", "-c", "import importlib.metadata as m; print(m.version('cibuildwheel'))"],
  },
  auditwheel: { install: fromPypi, version: ["auditwheel", "--version"] },
  pbuilder: { install: fromDebian("pbuilder"), version: ["dpkg-query", "--show", "pbuilder"] },
  sbuild: { install: fromDebian("sbuild"), version: ["dpkg-query", "--show", "sbuild"] },
  debootstrap: { install: fromDebian("debootstrap"), version: ["debootstrap", "--version"] },
  mmdebstrap: { install: fromDebian("mmdebstrap"), version: ["mmdebstrap", "--version"] },
};

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Where a program is: what setup/bench-tools installed counts first.
 *
 * @param {string} program
 * @returns {string | undefined}
 */
export function find(program) {
  const system = ["/usr/local/sbin", "/usr/sbin", "/sbin"];
  const folders = [join(pythonTools, "bin"), ...(process.env.PATH ?? "").split(delimiter), ...system];
  return folders.map((folder) => join(folder, program)).find(isProgram);
}

/** Those of the tools that are not there. @param {string[]} names @returns {string[]} */
export function missing(names) {
  return names.filter((name) => find(tools[name]?.program ?? name) === undefined);
}

/** What to do about missing tools. @param {string[]} names @returns {string} */
export function needMessage(names) {
  return `not on this machine: ${names.map((name) => `${name} (${tools[name]?.install ?? "?"})`).join(", ")}`;
}

/**
 * The versions of tools that are there.
 *
 * @param {string[]} names
 * @returns {Promise<Record<string, string>>} first line of what each says
 */
export async function versions(names) {
  const told = await Promise.all(
    names.filter((name) => missing([name]).length === 0).map(async (name) => [name, await version(name)]),
  );
  return Object.fromEntries(told);
}

async function version(name) {
  const [program, ...args] = tools[name]?.version ?? [name, "--version"];
  try {
    const { stdout, stderr } = await run([find(program) ?? program, ...args]);
    return (stdout || stderr)
      .trim()
      .split("\n")[0]
      .replaceAll("\t", " ")
      .replace(/ (from|installed at)( .*)?$/, "");
  } catch {
    return "unknown";
  }
}
