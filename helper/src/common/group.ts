/** Entries by a name that several may have, in the order of their first. */
export function group<T>(entries: Iterable<readonly [name: string, entry: T]>): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const [name, entry] of entries) {
    const known = groups.get(name);
    if (known) known.push(entry);
    else groups.set(name, [entry]);
  }
  return groups;
}
