/** The variables of a build that its spec has, as the build sees them. */
import type { Spec } from "./spec.ts";

export function variablesOf({ env, settings }: Spec): Record<string, string> {
  const asJson = Object.entries(settings).map(([name, value]) => [name, JSON.stringify(value)]);
  return { ...Object.fromEntries(asJson), ...env };
}
