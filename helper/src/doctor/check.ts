/** What a check of `voyager doctor` says. */
export interface Finding {
  /** What was looked at: "engine", "nix sandbox". */
  name: string;
  /** `bad` prevents builds; `warning` may become a problem, or prevents some builds. */
  status: "ok" | "warning" | "bad";
  /** What was found. */
  detail: string;
  /** What to do about it; empty when it is well. */
  remedy: string;
}

export const ok = (name: string, detail: string): Finding => ({ name, status: "ok", detail, remedy: "" });
export const warning = (name: string, detail: string, remedy: string): Finding => ({
  name,
  status: "warning",
  detail,
  remedy,
});
export const bad = (name: string, detail: string, remedy: string): Finding => ({
  name,
  status: "bad",
  detail,
  remedy,
});
