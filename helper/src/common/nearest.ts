/** Near matches of a name that is not known, for error messages. */

/** Number of letters to add, remove or replace to get from `a` to `b`. */
export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/**
 * The known names most like `name`, best first, at most `count`. A name counts as like it when it
 * differs in at most a third of its letters, or has it as its beginning.
 */
export function nearest(name: string, known: Iterable<string>, count = 5): string[] {
  const limit = Math.max(1, Math.floor(name.length / 3));
  const found: { candidate: string; distance: number }[] = [];
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) <= limit) {
      const distance = editDistance(name, candidate);
      if (distance <= limit) {
        found.push({ candidate, distance });
        continue;
      }
    }
    if (candidate.startsWith(name)) found.push({ candidate, distance: limit + 1 });
  }
  found.sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1));
  return found.slice(0, count).map(({ candidate }) => candidate);
}
