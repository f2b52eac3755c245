import { thrownBy } from "../../testing/logs.ts";
import type { VoyagerError } from "../common/errors.ts";
import { requireAddress } from "./address.ts";

test.each([
  "file:///srv/cache",
  "https://cache.example.org:8443/a@b",
  "s3://bucket?region=x&endpoint=a@b",
  "ssh://root@host",
  "ssh-ng://host",
])("%s is an address", requireAddress);

test.each([
  "https://ci:pw@cache.example.org",
  "https://ci:hunter2@cache.example.org/x?y=z",
  "https://a:p@ss@cache.example.org",
  "http://token-of-mine@cache.example.org",
  "HTTPS://ci:hunter2@cache.example.org",
  "ssh://root:hunter2@host",
])("%s has a secret in it, and is refused without telling it", async (to) => {
  const error = await thrownBy<VoyagerError>(() => requireAddress(to));
  expect(error.kind).toBe("usage");
  expect(error.what).toMatch(/^nothing can be published to [a-zA-Z]+:\/\/\*\*\*@(cache.example.org|host)/);
  expect(error.details.remedy).toContain("netrc-file");
  const [, user = "", password = ""] = /:\/\/([^:]*)(?::(.*))?@/.exec(to) ?? [];
  for (const word of [`//${user}`, `:${password || user}@`])
    expect(JSON.stringify(error)).not.toContain(word);
});

test.each([
  ["/srv/cache", "it is not of the form that Nix has"],
  ["file:///srv/cache?secret-key=/root/key", "it names a secret key itself"],
])("%s is refused: %s", async (to, why) => {
  const error = await thrownBy<VoyagerError>(() => requireAddress(to));
  expect(error.details.why).toContain(why);
});
