/** Shares out what is to be killed among the lanes. */
import type { Lane, Way } from "./lanes.ts";

/** A list with each way as often as is said. */
export function times(counts: Record<string, number>): Way[] {
  return Object.entries(counts).flatMap(([way, count]) => Array(count).fill(way) as Way[]);
}

/** Has all lanes take from one list, in a random order, until it is empty. */
export async function share<T>(
  lanes: Lane[],
  random: () => number,
  list: T[],
  work: (lane: Lane, one: T) => Promise<void>,
): Promise<void> {
  const left = list
    .map((one) => ({ one, order: random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ one }) => one);
  const take = async (lane: Lane) => {
    for (let one = left.pop(); one !== undefined; one = left.pop()) await work(lane, one);
  };
  await Promise.all(lanes.map(take));
}
