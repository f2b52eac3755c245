/** Eight wheels at once that all wait for one new environment, beside the same with docker and xargs. */
import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run, shellLine } from "../command.mjs";
import {
  baseImage,
  buildCommand,
  buildInNew,
  byHand,
  forget,
  makeByHand,
  newSystem,
  systemNamed,
} from "../environments.mjs";
import { build as buildSource, nonce } from "../nix.mjs";

/** Sources with C code that need a compiler, Python's headers and setuptools. */
const sources = [
  ["bitarray", "2.9.2", "sha256-qPKGpRoyMjcV13dV7ZWflL7xOXLpov5xtgnkDm0nlX4="],
  ["Brotli", "1.1.0", "sha256-gd4IrBG8uFhB5EDBNhHAC2fTv4JpgxSSjQtnY2JUZyQ="],
  ["MarkupSafe", "2.1.5", "sha256-0oPTeokLpMGuc/+t+ARkNcdue8Ike7tjwAvRpwnGVEs="],
  ["psutil", "5.9.8", "sha256-a+Em4yJUht/yhqj7mgYkalJT9MfFO0depfWsk05kGUw="],
  ["setproctitle", "1.3.3", "sha256-yRPhUefqAVZ4N/8DeiPKh0AZKIAZi3+7kLFtGBYHyq4="],
  ["simplejson", "3.19.2", "sha256-nrRCokQs5BeAHJEt9o4fbM/NQVd65ydJU6s60k732Cw="],
  ["websockets", "12.0", "sha256-gd+cvLtsJg3h4AfljAEb/r4tr8hDUQewU385PdOMixs="],
  ["wrapt", "1.16.0", "sha256-XzcPlSlx59F8fR6tQOSfMjRaf3pTc1ce9E2ADQaxiZ0="],
];

/** What mkDockerWheel always has, and what the peer needs instead of our builder: pip. */
const packages =
  "gcc g++ libc6-dev python3 python3-dev python3-packaging python3-setuptools python3-wheel python3-pip".split(
    " ",
  );

const source = ([pname, version, hash]) =>
  `voyager.lib.fetchPypi { pname = "${pname}"; version = "${version}"; hash = "${hash}"; }`;

function wheels(system) {
  const list = sources.map(
    (one) => `(voyager.lib.mkDockerWheel {
      pname = "${one[0]}"; version = "${one[1]}"; src = ${source(one)};
      system = ${systemNamed(system)}; env.BENCH_RUN = "${nonce()}";
    })`,
  );
  return buildCommand(`[ ${list.join("\n")} ]`, sources.length);
}

async function atOnce() {
  const system = newSystem();
  try {
    return await buildInNew(wheels(system));
  } finally {
    await forget(system);
  }
}

/** One `docker run … pip wheel` for each line of a file with sources. */
function pipWheels(image, list, out) {
  const script =
    'exec docker run --rm --network none --volume "$3:/src/$(basename "$3" | cut -c34-):ro" --volume "$2:/out" --entrypoint sh "$1" -c "pip wheel --quiet --no-build-isolation --no-deps --no-index --wheel-dir /out /src/*"';
  const jobs = String(sources.length);
  return ["xargs", "-a", list, "-P", jobs, "-I", "{}", "sh", "-c", script, "sh", image, out, "{}"];
}

export const wheelsAtOnce = {
  name: "wheels-at-once",
  title:
    "nix-build of eight different wheels at once with a new environment, against docker run, docker commit and eight docker run … pip wheel by xargs",
  how: "All eight need the same environment, which is not there; the sources are. Nix runs eight jobs at once, xargs as many. By hand pip is installed as well, as it is what builds.",
  claims: [
    { ours: "nixBuild", peer: "byHand", target: 1.1 },
    { kind: "count", ours: "nixBuild", target: 1 },
  ],

  async prepare(temporary) {
    const base = await baseImage();
    const paths = [];
    for (const one of sources) paths.push((await buildSource(source(one))).path);
    const list = join(temporary, "sources");
    writeFileSync(list, `${paths.join("\n")}\n`);
    const runAll = async (image) => {
      const out = mkdtempSync(join(temporary, "wheels-"));
      const { seconds } = await run(pipWheels(image, list, out));
      const made = readdirSync(out).filter((name) => name.endsWith(".whl"));
      if (made.length !== sources.length) throw new Error(`only these wheels were made: ${made.join(", ")}`);
      return seconds;
    };
    const shown = [...byHand(base, packages, "NAME"), pipWheels("NAME", "SOURCES", "OUT")];
    return {
      sides: {
        nixBuild: { label: "nix-build, eight jobs", command: shellLine(wheels("SYSTEM")), run: atOnce },
        byHand: {
          label: "docker and xargs",
          command: shown.map(shellLine).join("\n"),
          run: () => makeByHand(base, packages, runAll),
        },
      },
    };
  },
};
