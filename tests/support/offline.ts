/** A system whose packages are in its own image: environments of it are made without a network. */
import { makeRepository } from "./repository.ts";

/** A set-up, and more, for systems of Debian 12. */
export interface Offline {
  /** The system as an expression. @param more attributes that override it; `setup` comes before ours */
  system(name: string, more?: string, setup?: string): string;
  remove(): void;
}

/** Makes it, with three small packages that take a moment to install. */
export function makeOffline(): Offline {
  const repository = makeRepository(
    ["one", "two", "three"].map((name) => ({
      name: `voyager-${name}`,
      version: "1",
      files: { [`usr/share/voyager-${name}`]: `${name}\n` },
      postinst: "sleep 0.2",
    })),
  );
  const onlyOurs = "rm -f /etc/apt/sources.list.d/debian*; : >/etc/apt/sources.list";
  return {
    system: (name, more = "", setup = "") => `(systems.debian12.override {
      name = "${name}"; keys.test = ${repository.key};
      setup = ''${setup}
        ${onlyOurs}
        ${repository.setup}'';
      repositories = [ { name = "test"; uri = "${repository.uri}"; suites = [ "./" ]; key = "test"; } ];
      ${more}
    })`,
    remove: () => repository.remove(),
  };
}
