/** One project for the units beside the code, one for the real thing. */
const common = {
  transform: { "\\.(m?[jt]s|nix|sh)$": "<rootDir>/tests/support/transform.cjs" },
  // Packages that come as ECMAScript modules only.
  transformIgnorePatterns: [
    "/node_modules/(?!(valibot|tar|yargs|yargs-parser|cliui|y18n|minipass|minizlib|chownr|yallist|@isaacs)/)",
  ],
};

/** Every way of running Nix runs the builds; what does not depend on it runs once, in the default one. */
const profile = process.env.VOYAGER_TEST_PROFILE ?? "sandbox";
const endToEnd = profile === "sandbox" ? "tests/**/*.test.ts" : "tests/builds/*.test.ts";

export default {
  testTimeout: 300_000,
  // One file at a time: end-to-end tests count what is left on the one engine that they share.
  maxWorkers: 1,
  projects: [
    { displayName: "unit", testMatch: ["<rootDir>/helper/src/**/*.test.ts"], ...common },
    { displayName: "end-to-end", testMatch: [`<rootDir>/${endToEnd}`], ...common },
  ],
};
