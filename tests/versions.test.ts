/** Our comparison of versions against dpkg's and rpm's own, on random versions. */
import { compareDebianVersions } from "../helper/src/common/debian-version.ts";
import { compareRpmVersions } from "../helper/src/common/rpm-version.ts";
import { seeded } from "../helper/testing/random.ts";
import { inContainer } from "./support/target.ts";

const random = seeded(20_231_107);
const pick = (from: readonly string[]): string => from[Math.floor(random() * from.length)] ?? "";

function word(pieces: readonly string[], longest: number): string {
  return Array.from({ length: Math.floor(random() * longest) }, () => pick(pieces)).join("");
}

/** Pairs of versions, many of them alike in their beginnings. */
function pairs(count: number, make: () => string): [string, string][] {
  return Array.from({ length: count }, () => {
    const a = make();
    return [a, random() < 0.5 ? make() : a.slice(0, Math.ceil(random() * a.length)) + make().slice(-2)];
  });
}

const sign = (number: number): string => (number < 0 ? "-1" : number > 0 ? "1" : "0");

test("Debian versions, as dpkg compares them", async () => {
  const pieces = ["0", "00", "1", "9", "10", "a", "Z", "rc", "+", ".", "~", "~", "-"];
  const versions = pairs(600, () => `${pick(["", "", "0:", "2:"])}1${word(pieces, 7)}1`).filter((pair) =>
    pair.every((version) => /^([02]:)?[0-9][^:]*[^:-]$/.test(version)),
  );
  const script = versions.map(([a, b]) => `c ${a} ${b}`).join("\n");
  const answers = await inContainer(
    [],
    `c() {
      if dpkg --compare-versions "$1" lt "$2"; then echo -1
      elif dpkg --compare-versions "$1" gt "$2"; then echo 1
      else echo 0; fi
    }
    ${script}`,
  );
  const ours = versions.map(([a, b]) => `${a} ${b} ${sign(compareDebianVersions(a, b))}`);
  expect(ours).toEqual(answers.split("\n").map((answer, index) => `${versions[index]?.join(" ")} ${answer}`));
  expect(new Set(answers.split("\n"))).toEqual(new Set(["-1", "0", "1"]));
});

test("RPM versions, as rpm compares them", async () => {
  const pieces = ["0", "00", "1", "9", "10", "a", "Z", "rc", ".", "_", "~", "^", "-1"];
  const versions = pairs(1500, () => `${pick(["", "", "0:", "2:"])}1${word(pieces, 7)}`).filter((pair) =>
    pair.every((version) => /^([02]:)?[0-9][^:-]*(-[^:-]+)?$/.test(version)),
  );
  const lua = versions.map(([a, b]) => `print(rpm.vercmp("${a}", "${b}") .. "\\n")`).join("\n");
  const answers = await inContainer(
    ["rpm"],
    `cat >/tmp/v.lua <<'END'\n${lua}\nEND\nrpm --eval '%{lua: dofile("/tmp/v.lua")}'`,
  );
  const theirs = answers.trim().split("\n");
  const ours = versions.map(([a, b]) => `${a} ${b} ${sign(compareRpmVersions(a, b))}`);
  expect(ours).toEqual(theirs.map((answer, index) => `${versions[index]?.join(" ")} ${answer}`));
  expect(new Set(theirs)).toEqual(new Set(["-1", "0", "1"]));
});
