/** The most memory that a program ever held, which Linux keeps count of. */
import { readFileSync } from "node:fs";

/** Milliseconds between looks; the number never falls, so only what a program takes in its last ones is missed. */
const interval = 5;

/**
 * Watches a process until it ends.
 *
 * @param {number} pid
 * @returns {() => number} stops, and says the peak of its resident memory in bytes
 */
export function watchMemory(pid) {
  let peak = 0;
  const look = () => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, "latin1");
      peak = Math.max(peak, Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024);
    } catch {
      // It has ended.
    }
  };
  const timer = setInterval(look, interval);
  return () => {
    clearInterval(timer);
    return peak;
  };
}
