/** Tables for terminals. */
import { cut } from "./text.ts";

/** Widths that sum up to at most `room`: the widest columns give way first. */
function shrink(widths: number[], room: number): number[] {
  const result = widths.map((width) => Math.min(width, room));
  let excess = result.reduce((sum, width) => sum + width, 0) - room;
  for (; excess > 0; excess--) {
    const widest = result.indexOf(Math.max(...result));
    result[widest] = (result[widest] ?? 0) - 1;
  }
  return result;
}

/**
 * Text of a table with aligned columns; the last column is not padded. With a `width` no line is
 * longer than that: the longest cells lose their middle.
 */
export function formatTable(header: string[], rows: string[][], width = Number.POSITIVE_INFINITY): string {
  const all = [header, ...rows];
  const natural = header.map((_title, column) =>
    all.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), 0),
  );
  const room = width - 2 * (header.length - 1);
  const widths = Number.isFinite(room) ? shrink(natural, room) : natural;
  const line = (row: string[]) =>
    row
      .map((cell, column) => cut(cell, widths[column] ?? 0).padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return `${all.map(line).join("\n")}\n`;
}
