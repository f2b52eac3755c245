import { readDpkgSearch } from "./confirm-owners.ts";

test.each([
  ["libc6:amd64: /lib/x86_64-linux-gnu/libc.so.6\n", "/usr/lib/x86_64-linux-gnu/libc.so.6", "libc6:amd64"],
  ["a, b:amd64: /opt/x\n", "/opt/x", "a"],
  [
    "dash: /bin/sh\ndiversion by dash from: /bin/sh\ndiversion by dash to: /bin/sh.distrib\n",
    "/bin/sh",
    "dash",
  ],
  ["bash: /bin/sh\ndiversion by dash from: /bin/sh\n", "/bin/sh", null],
  ["bash: /bin/sh\nlocal diversion from: /bin/sh\n", "/bin/sh", null],
  ["a: /opt/x: /opt/x\n", "/opt/x", null],
  ["a: /opt/xy\n", "/opt/x", null],
  ["", "/opt/x", null],
])("%p", (output, path, owner) => {
  expect(readDpkgSearch(output, path)).toBe(owner);
});
