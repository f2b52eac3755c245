/**
 * Puts an SBOM into a wheel, as PEP 770 says: `NAME-VERSION.dist-info/sboms/`, recorded in RECORD.
 *
 * The other members are neither read nor compressed again: their records are copied as they are, so
 * their bytes, times, modes and order stay. Memory does not grow with the wheel.
 */
import { closeSync, fchmodSync, fstatSync, openSync, readSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { codeOf } from "../../common/errors.ts";
import { addToRecord } from "./record-file.ts";
import { type Member, readWheel, type Wheel, wheelError } from "./wheel.ts";
import { type DirectoryEntry, directoryEnding, directoryHeader, makeMember } from "./zip-format.ts";

/** Name of our SBOM among others that a wheel may hold. */
export const sbomName = "nix-voyager.cdx.json";

const chunkSize = 1024 * 1024;

/** Writes one file from its beginning, and knows where it is. */
class Output {
  position = 0;
  readonly #buffer = Buffer.allocUnsafe(chunkSize);

  constructor(readonly descriptor: number) {}

  write(data: Uint8Array): void {
    for (let done = 0; done < data.length; ) done += writeSync(this.descriptor, data, done);
    this.position += data.length;
  }

  /** Copies a part of another file. */
  copy(from: number, start: number, end: number): void {
    for (let at = start; at < end; ) {
      const count = readSync(from, this.#buffer, 0, Math.min(chunkSize, end - at), at);
      if (count === 0) throw new Error("the wheel became shorter while it was read");
      this.write(this.#buffer.subarray(0, count));
      at += count;
    }
  }
}

/** Copies the records of members, in the order in which they lie; gives each one's new position. */
function copyRecords(wheel: Wheel, kept: Member[], output: Output): Map<DirectoryEntry, number> {
  const positions = new Map<DirectoryEntry, number>();
  let run = { start: 0, end: 0 };
  for (const member of [...kept].sort((a, b) => a.start - b.start)) {
    if (member.start !== run.end) {
      output.copy(wheel.descriptor, run.start, run.end);
      run = { start: member.start, end: member.start };
    }
    positions.set(member.entry, output.position + (member.start - run.start));
    run.end = member.end;
  }
  output.copy(wheel.descriptor, run.start, run.end);
  return positions;
}

/** Writes the wheel with the SBOM. */
function writeWheel(wheel: Wheel, sbom: string, output: Output): void {
  const { recordMember, members, distInfo } = wheel;
  const path = `${distInfo}/sboms/${sbomName}`;
  const own = `${distInfo}/RECORD`;
  const data = Buffer.from(sbom);
  const record = Buffer.from(addToRecord(wheel.record, own, path, data));
  const kept = members.filter((member) => member !== recordMember && member.entry.fileName !== path);
  const positions = copyRecords(wheel, kept, output);
  const added = [makeMember(recordMember.entry, path, data), makeMember(recordMember.entry, own, record)];
  for (const member of added) {
    positions.set(member.entry, output.position);
    output.write(member.record);
  }
  // The directory's order stays; the SBOM comes before RECORD.
  const entries = members.flatMap((member): DirectoryEntry[] => {
    if (member === recordMember) return added.map(({ entry }) => entry);
    return positions.has(member.entry) ? [member.entry] : [];
  });
  const directory = entries.map((entry) => directoryHeader(entry, positions.get(entry) ?? 0));
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const ending = directoryEnding(wheel.ending, entries.length, size, output.position);
  output.write(Buffer.concat([...directory, ending]));
}

/** Makes the new file beside the old one, and puts it in its place when it is whole. */
function replace(wheel: Wheel, sbom: string): void {
  const beside = join(dirname(wheel.file), `.${basename(wheel.file)}.new`);
  rmSync(beside, { force: true });
  const descriptor = openSync(beside, "wx");
  try {
    try {
      writeWheel(wheel, sbom, new Output(descriptor));
      fchmodSync(descriptor, fstatSync(wheel.descriptor).mode & 0o7777);
    } finally {
      closeSync(descriptor);
    }
    renameSync(beside, wheel.file);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

/** What became of a wheel: `why` says why it was left alone. */
export type Added = { added: true } | { added: false; why: string };

/**
 * Adds an SBOM to a wheel, in place; one that was there under our name is replaced. A wheel with a
 * signature over its RECORD is left as it is.
 *
 * @param sbom makes the text of the SBOM from what the wheel says of itself
 * @throws VoyagerError of kind `output` that names the wheel; the wheel is then as it was
 */
export async function addSbomToWheel(
  file: string,
  sbom: (wheel: Wheel) => string | Promise<string>,
): Promise<Added> {
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch (error) {
    throw wheelError(file, error);
  }
  try {
    const wheel = await readWheel(file, descriptor);
    if (wheel.signatures.length > 0) {
      return { added: false, why: `it is signed (${wheel.signatures.join(", ")})` };
    }
    const text = await sbom(wheel);
    try {
      replace(wheel, text);
    } catch (error) {
      // A full disk is no fault of the wheel, and has its own message.
      throw codeOf(error) === "ENOSPC" ? error : wheelError(file, error);
    }
    return { added: true };
  } finally {
    closeSync(descriptor);
  }
}
