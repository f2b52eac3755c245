/** A problem beside the name of its file. */
import { prose, visible } from "../common/text.ts";
import type { Problem } from "./report.ts";

/** The message, without the file's name where it begins with it: that is said already. */
export function withoutFile({ file, message }: Pick<Problem, "file" | "message">): string {
  const name = `${visible(file)} `;
  const text = prose(message);
  return text.startsWith(name) ? text.slice(name.length) : text;
}
