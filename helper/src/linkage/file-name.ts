/** How reports name a file in one string. */
import type { ReportFile } from "./report.ts";

/** The file's path, with the output before it ("dev:lib/x.so") unless it is "out". */
export function fileName({ output, path }: Pick<ReportFile, "output" | "path">): string {
  return output === "out" ? path : `${output}:${path}`;
}
