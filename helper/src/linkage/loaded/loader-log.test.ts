/** The logs are what glibc 2.36 wrote, shortened. */
import { parseLoaderLog } from "./loader-log.ts";

const log = `==> /build/.voyager/observed/ld.8 <==
         8:\t
         8:\tInitial object scopes
         8:\tobject=python3 [0]
         8:\t scope 0: python3 /lib/libz.so.1 /lib/libc.so.6 /lib64/ld-linux-x86-64.so.2
         8:\t
         8:\tobject=linux-vdso.so.1 [0]
         8:\t scope 0: python3 /lib/libz.so.1 /lib/libc.so.6 /lib64/ld-linux-x86-64.so.2
         8:\t scope 1: linux-vdso.so.1
         8:\t
         8:\tobject=/lib/libz.so.1 [0]
         8:\t scope 0: python3 /lib/libz.so.1 /lib/libc.so.6 /lib64/ld-linux-x86-64.so.2
         8:\t
         8:\tobject=/lib/libc.so.6 [0]
         8:\t scope 0: python3 /lib/libz.so.1 /lib/libc.so.6 /lib64/ld-linux-x86-64.so.2
         8:\t
         8:\tobject=/lib64/ld-linux-x86-64.so.2 [0]
         8:\t no scope
         8:\t
         8:\tobject=/py/_ssl.so [0]
         8:\t scope 0: python3 /lib/libz.so.1 /lib/libc.so.6 /lib64/ld-linux-x86-64.so.2
         8:\t scope 1: /py/_ssl.so /lib/lib ssl.so.3 /lib/libc.so.6
         8:\t
         8:\tobject=/lib/lib ssl.so.3 [0]
         8:\t scope 0: python3 /lib/libz.so.1 /lib/libc.so.6 /lib64/ld-linux-x86-64.so.2
         8:\t scope 1: /py/_ssl.so /lib/lib ssl.so.3 /lib/libc.so.6
         8:\t
         8:\tobject=/lib/libc.so.6 [0]
         8:\t scope 0: python3 /lib/libz.so.1 /lib/libc.so.6 /lib64/ld-linux-x86-64.so.2
         9:\tobject=/py/_sqlite3.so [0]
         9:\t scope 0: python3 /lib/libz.so.1 /lib/libc.so.6 /lib64/ld-linux-x86-64.so.2
         9:\t scope 1: /py/_sqlite3.so /lib/libc.so.6
         8:\t
         8:\tInitial object scopes
         8:\tobject=/bin/true [0]
         8:\t scope 0: /bin/true /lib/libc.so.6
         8:\tobject=/lib/libc.so.6 [0]
         8:\t scope 0: /bin/true /lib/libc.so.6

==> /build/.voyager/observed/ld.12 <==
        12:\tInitial object scopes
        12:\tobject=./static-pie [0]
        12:\t scope 0: ./static-pie
`;

test("programs of a process, what each started with, and what it opened for what", () => {
  const [python, second, third, ...others] = parseLoaderLog(log);
  expect(others).toEqual([]);
  expect(python).toEqual({
    pid: 8,
    program: "python3",
    initial: new Set(["/lib/libz.so.1", "/lib/libc.so.6", "/lib64/ld-linux-x86-64.so.2"]),
    opened: new Map([
      ["/py/_ssl.so", "/py/_ssl.so"],
      ["/lib/lib ssl.so.3", "/py/_ssl.so"],
      // Of a forked child, which has no file of its own.
      ["/py/_sqlite3.so", "/py/_sqlite3.so"],
    ]),
  });
  expect(second).toEqual({
    pid: 8,
    program: "/bin/true",
    initial: new Set(["/lib/libc.so.6"]),
    opened: new Map(),
  });
  expect(third).toEqual({ pid: 12, program: "./static-pie", initial: new Set(), opened: new Map() });
});

test("nothing, and what no loader wrote", () => {
  expect(parseLoaderLog("")).toEqual([]);
  expect(parseLoaderLog(" scope 0: x\nobject=\n==> ld.x <==\n1:\thello\n")).toEqual([]);
});
