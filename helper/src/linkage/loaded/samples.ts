/** Reads the samples of /proc that builders/test/run.sh takes: proc(5), maps and exe. */

/** A process that was seen running programs, with files mapped as code. Paths are real ones. */
export interface Sample {
  pid: number;
  /** More than one where the process became another program. */
  programs: Set<string>;
  mapped: Set<string>;
}

/**
 * Lines "/proc/PID/exe -> PATH" and "/proc/PID/maps: r-xp OFFSET DEVICE INODE PATH". What has no name
 * in a file system any more is left out: it is memory that a program made itself, or cannot be told.
 */
export function parseSamples(text: string): Sample[] {
  const samples = new Map<number, Sample>();
  for (const line of text.split("\n")) {
    const match = /^\/proc\/(\d+)\/(?:exe -> (\/.*)|maps: r-xp \S+ \S+ \d+ +(\/.*))$/.exec(line);
    const path = match?.[2] ?? match?.[3];
    if (!match || !path || / \(deleted\)$|^\/(memfd:|dev\/|SYSV)/.test(path)) continue;
    const pid = Number(match[1]);
    const sample = samples.get(pid) ?? { pid, programs: new Set(), mapped: new Set() };
    samples.set(pid, sample);
    (match[2] ? sample.programs : sample.mapped).add(path);
  }
  return [...samples.values()].filter(({ programs, mapped }) => programs.size > 0 && mapped.size > 0);
}
