/** The rules of the linkage report. `lib/internal/rules.nix` has their names, too; a test compares. */

/** What the rules are, by the name that reports and `linkage.allow` use. docs/linkage.md lists them. */
export const rules = {
  "nix-store": "needs a library, an interpreter or a search folder in the Nix store",
  unresolved: "needs a library, or a symbol version, that the system's loader does not find",
  bundled: "is a copy of a library that the system has",
  unowned: "needs a file of the system that no package owns",
  static: "has a library linked into it that the system could have patched",
  "run-dependencies": "links to a package that systemRunDependencies does not lead to",
  architecture: "is for a machine or class that the system has no loader for",
  unreadable: "cannot be read: truncated, contradictory, or beyond all bounds",
} as const;
export type Rule = keyof typeof rules;
export const ruleNames = Object.keys(rules) as [Rule, ...Rule[]];
