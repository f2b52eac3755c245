/**
 * What pip is set to use on this machine, for a container. Which files pip reads is known here, and what they say
 * together is worked out there, by the same Python library as pip's.
 */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { quoteWord } from "../common/shell.ts";
import type { MadeEntry } from "../transfer/pack.ts";

/** File that sets the variables: addresses may have passwords, and everybody can read a command line. */
export const variablesFile = "variables";
/** The same where nothing else is set. */
const systemBundle = "/etc/ssl/certs/ca-certificates.crt";
/** Variables of this machine that pip and the download follow. */
const followed = [
  ...["INDEX_URL", "EXTRA_INDEX_URL", "TRUSTED_HOST", "PROXY", "TIMEOUT", "DEFAULT_TIMEOUT", "RETRIES"].map(
    (name) => `PIP_${name}`,
  ),
  ...["http_proxy", "https_proxy", "all_proxy", "no_proxy"].flatMap((name) => [name, name.toUpperCase()]),
];

interface TextFile {
  path: string;
  text: string;
}

/** The files of pip's settings for this folder of the container, the one that sets variables among them. */
export function pipSettings(folder: string, index: string | undefined): MadeEntry[] {
  const files = configurationFiles(process.env, homedir()).flatMap(readable);
  const certificates = bundles(files).flatMap(readable)[0];
  const entries: MadeEntry[] = [];
  const put = (path: string, text: string) => {
    entries.push({ path, mode: 0o600, owner: { uid: 0, gid: 0 }, content: { type: "File", text } });
    return `${folder}/${path}`;
  };
  const sent = files.map(({ path, text }, at) => [put(`pip-${at}.conf`, text), path]);
  const variables: Record<string, string> = { HOME: folder, VOYAGER_PIP_FILES: JSON.stringify(sent) };
  if (certificates !== undefined) {
    const place = put("certificates.pem", certificates.text);
    Object.assign(variables, { PIP_CERT: place, SSL_CERT_FILE: place });
  }
  for (const name of followed) if (process.env[name]) variables[name] = process.env[name];
  if (index !== undefined) variables.VOYAGER_PYPI_INDEX = index;
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quoteWord(value)}\n`);
  put(variablesFile, lines.join(""));
  return entries;
}

/** The files that pip reads where they are, as it documents them: the later wins. */
export function configurationFiles(env: NodeJS.ProcessEnv, home: string): string[] {
  const { PIP_CONFIG_FILE: own, VIRTUAL_ENV, XDG_CONFIG_DIRS, XDG_CONFIG_HOME } = env;
  if (own === "/dev/null") return [];
  const shared = (XDG_CONFIG_DIRS || "/etc/xdg").split(":").filter((folder) => folder !== "");
  const isOwnThere = own !== undefined && own !== "" && readable(own).length > 0;
  return [
    ...shared.map((folder) => join(folder, "pip/pip.conf")),
    "/etc/pip.conf",
    // As pip: whoever names a file has it instead of the user's.
    ...(isOwnThere
      ? []
      : [join(home, ".pip/pip.conf"), join(XDG_CONFIG_HOME || join(home, ".config"), "pip/pip.conf")]),
    ...(VIRTUAL_ENV ? [join(VIRTUAL_ENV, "pip.conf")] : []),
    ...(isOwnThere ? [own] : []),
  ];
}

/** Files of certificates that may count, the first that is there does. */
function bundles(files: TextFile[]): string[] {
  const { PIP_CERT, SSL_CERT_FILE, NIX_SSL_CERT_FILE } = process.env;
  const ofPip = [PIP_CERT, ...configuredCerts(files)].map((path) => path?.replace(/^~(?=\/)/, homedir()));
  const all = [...ofPip, SSL_CERT_FILE, NIX_SSL_CERT_FILE, systemBundle];
  return all.flatMap((path) => (path ? [path] : []));
}

/** `cert` of the files: a section wins over those behind it here, whichever files they are in. */
function configuredCerts(files: TextFile[]): (string | undefined)[] {
  const bySection: Record<string, string> = {};
  for (const { text } of files) {
    let section = "";
    for (const line of text.split(/\r?\n/)) {
      section = /^[ \t]*\[([^\]]*)\]/.exec(line)?.[1] ?? section;
      const value = /^[ \t]*(?:--)?cert[ \t]*[=:](.*)$/i.exec(line)?.[1]?.trim();
      if (value !== undefined) bySection[section] = value;
    }
  }
  return ["download", "install", "global"].map((section) => bySection[section]);
}

/** The file, or nothing where there is none that can be read: pip passes over such ones, too. */
function readable(path: string): TextFile[] {
  try {
    return [{ path, text: readFileSync(path, "utf8") }];
  } catch {
    return [];
  }
}
