/** `voyager publish` to another machine's store, which is reached by ssh. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Acme } from "./support/acme.ts";
import { must } from "./support/run.ts";
import { type Machine, startMachine, targetImage } from "./support/target.ts";

const acme = new Acme();
let machine: Machine;
let address: string;
const { NIX_SSHOPTS: before } = process.env;
beforeAll(async () => {
  await acme.build();
  const key = join(acme.folder, "ssh");
  await must("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  machine = await startMachine(await targetImage(["nix-bin", "openssh-server"]), []);
  await machine.must(`
    mkdir -p /run/sshd /root/.ssh /etc/nix
    echo 'build-users-group =' >/etc/nix/nix.conf
    echo '${readFileSync(`${key}.pub`, "utf8").trim()}' >/root/.ssh/authorized_keys
    /usr/sbin/sshd`);
  address = `ssh://root@${await machine.must("hostname -i")}`;
  process.env.NIX_SSHOPTS = `-i ${key} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR`;
});
afterAll(async () => {
  if (before === undefined) delete process.env.NIX_SSHOPTS;
  else process.env.NIX_SSHOPTS = before;
  await machine?.remove();
  await acme.remove();
});

test("its store gets the paths with their signatures", async () => {
  const first = await acme.publish(address, [acme.greet]);
  expect(first).toMatchObject({
    status: 0,
    stdout: expect.stringContaining("1 path copied, 0 there before"),
  });
  expect(await machine.must(`${acme.greet}/bin/greet`)).toBe("hello, subscriber");
  const nix = "nix --extra-experimental-features nix-command";
  const verify = `${nix} store verify --sigs-needed 1 --option trusted-public-keys`;
  await machine.must(`${verify} '${acme.publicKey}' ${acme.greet}`);
  const other = await acme.makeKey("acme-1", join(acme.folder, "other"));
  expect((await machine.run(`${verify} '${other}' ${acme.greet}`)).stderr).toContain("is untrusted");
  const again = await acme.publish(address, [acme.greet]);
  expect(again).toMatchObject({
    status: 0,
    stdout: expect.stringContaining("0 paths copied, 1 there before"),
  });
});

test("a second key is refused, with what can be done", async () => {
  const file = join(acme.folder, "second");
  const publicKey = await acme.makeKey("acme-2", file);
  const { status, stderr } = await acme.publish(address, [acme.greet], file);
  expect(status).toBe(10);
  expect(stderr).toContain(`nothing was published: ${address} has paths that acme-2 has not signed`);
  expect(stderr).toContain(acme.greet);
  // What the remedy says, does it.
  await machine.must(`cat >/root/second <<'END'\n${readFileSync(file, "utf8")}\nEND`);
  await machine.must(
    `nix --extra-experimental-features nix-command store sign --key-file /root/second ${acme.greet}`,
  );
  const again = await acme.publish(address, [acme.greet], file);
  expect(again).toMatchObject({ status: 0, stdout: expect.stringContaining(publicKey) });
});

test("a machine that does not answer is told, and nothing else happens", async () => {
  const { status, stderr } = await acme.publish("ssh://root@127.0.0.1:1", [acme.greet]);
  expect(status).toBe(10);
  expect(stderr).toContain("ssh://root@127.0.0.1:1 does not tell what it has");
});
