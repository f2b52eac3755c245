/** Names of the records in nix-support/: only nix-voyager writes them, and others believe them. */
export const recordNames = [
  "environment.json",
  "linkage.html",
  "linkage.json",
  "provenance.json",
  "sbom.cdx.json",
  "verify",
] as const;
