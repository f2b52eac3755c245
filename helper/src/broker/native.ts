/**
 * The few system calls that Node does not offer and the broker cannot do without, by koffi: who is at the
 * other end of a socket, opening a path of which no part is a link, and mounting what was opened.
 */
import { endianness } from "node:os";
import type { Socket } from "node:net";
import koffi from "koffi";

// Of the kernel's headers; the same on x86_64 and aarch64.
const solSocket = 1;
const soPeercred = 17;
const atFdcwd = -100;
const sysOpenat2 = 437;
const oPath = 0o10000000;
const oCloexec = 0o2000000;
const resolveNoMagiclinks = 0x02;
const resolveNoSymlinks = 0x04;
const msBind = 4096;
const mntDetach = 2;

interface Library {
  getsockopt: (fd: number, level: number, name: number, value: Buffer, length: number[]) => number;
  openat2: (call: number, fd: number, path: string, how: Buffer, size: number) => number;
  mount: (source: string, target: string, type: null, flags: number, data: null) => number;
  umount2: (target: string, flags: number) => number;
}

let loaded: Library | null = null;

function library(): Library {
  if (!loaded) {
    const libc = koffi.load("libc.so.6");
    loaded = {
      getsockopt: libc.func("int getsockopt(int, int, int, void*, _Inout_ unsigned int*)"),
      openat2: libc.func("long syscall(long, int, const char*, void*, size_t)"),
      mount: libc.func("int mount(const char*, const char*, const char*, unsigned long, const void*)"),
      umount2: libc.func("int umount2(const char*, int)"),
    };
  }
  return loaded;
}

/** A system call that failed. */
export class SystemCallFailed extends Error {
  readonly code: string;

  constructor(what: string) {
    const number = koffi.errno();
    const code =
      Object.entries(koffi.os.errno).find(([, value]) => value === number)?.[0] ?? `errno ${number}`;
    super(`${what}: ${code}`);
    this.code = code;
  }
}

/** The process that connected, as the kernel noted it then: ids of our own namespaces. */
export interface Credentials {
  pid: number;
  uid: number;
  gid: number;
}

/** Who connected (SO_PEERCRED, unix(7)). */
export function peerCredentials(socket: Socket): Credentials {
  const fd = (socket as unknown as { _handle?: { fd?: number } })._handle?.fd;
  if (fd === undefined || fd < 0) throw new Error("the connection is closed");
  const value = Buffer.alloc(12);
  if (library().getsockopt(fd, solSocket, soPeercred, value, [value.length]) !== 0) {
    throw new SystemCallFailed("getsockopt SO_PEERCRED");
  }
  const read = endianness() === "LE" ? "readInt32LE" : "readInt32BE";
  return { pid: value[read](0), uid: value[read](4), gid: value[read](8) };
}

/**
 * Opens a path without reading it, and follows no link on the way (openat2(2), Linux 5.6). What is opened stays
 * the same, whatever becomes of the path. Throws SystemCallFailed: ELOOP where there is a link.
 *
 * @returns a file descriptor, for fstat and `bindMount`
 */
export function openWithoutLinks(path: string): number {
  const how = Buffer.alloc(24); // flags, mode, resolve: 64 bits each
  how.writeBigUInt64LE(BigInt(oPath | oCloexec), 0);
  how.writeBigUInt64LE(BigInt(resolveNoSymlinks | resolveNoMagiclinks), 16);
  const fd = library().openat2(sysOpenat2, atFdcwd, path, how, how.length);
  if (Number(fd) < 0) throw new SystemCallFailed(`opening ${path}`);
  return Number(fd);
}

/** Shows what was opened at another place, without what is mounted below it. */
export function bindMount(fd: number, target: string): void {
  if (library().mount(`/proc/self/fd/${fd}`, target, null, msBind, null) !== 0) {
    throw new SystemCallFailed(`mounting at ${target}`);
  }
}

/** Takes a mount away from its place; who uses it, keeps it. */
export function unmount(target: string): void {
  if (library().umount2(target, mntDetach) !== 0) throw new SystemCallFailed(`unmounting ${target}`);
}
