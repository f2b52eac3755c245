#!/usr/bin/env node
/**
 * Makes docs/reference.md from the comments in lib/, so that the reference cannot say what the
 * code does not. `--check` writes nothing and exits with 1 when the file is stale.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../", import.meta.url);
const target = new URL("docs/reference.md", root);
const read = (path) => readFileSync(new URL(path, root), "utf8");

/** Text of comment lines: joined, a bare `#` between paragraphs. */
function commentText(lines) {
  return lines
    .map((line) => line.replace(/^\s*# ?/, ""))
    .join("\n")
    .trim();
}

/** The comment that a file begins with. */
function header(source) {
  const lines = source.split("\n");
  const end = lines.findIndex((line) => !line.startsWith("#"));
  return commentText(lines.slice(0, end));
}

/** The part of `source` from `start` to the `;` that ends it, brackets and strings respected. */
function statement(source, start) {
  let depth = 0;
  for (let i = start; i < source.length; i++) {
    const character = source[i];
    if (character === '"') i = source.indexOf('"', i + 1);
    else if ("{[(".includes(character)) depth++;
    else if ("}])".includes(character)) depth--;
    else if (character === ";" && depth === 0) return source.slice(start, i).trim();
  }
  throw new Error(`no end of the statement: ${source.slice(start, start + 60)}`);
}

/**
 * The declarations at one indentation of a block, each with the comment directly above it:
 * [{ name, text, body }]. A declaration without a comment is an error.
 */
function declarations(block, indent, where) {
  const found = [];
  let comment = [];
  const lines = block.split("\n");
  let offset = 0;
  for (const line of lines) {
    const rest = line.startsWith(indent) ? line.slice(indent.length) : "";
    const name = /^([a-zA-Z][a-zA-Z0-9]*) =/.exec(rest)?.[1];
    if (rest.startsWith("#")) comment.push(line);
    else if (name) {
      if (comment.length === 0) throw new Error(`${where}: '${name}' has no comment above it`);
      const start = offset + line.indexOf("=") + 1;
      found.push({ name, text: commentText(comment), body: statement(block, start) });
    }
    if (!rest.startsWith("#")) comment = [];
    offset += line.length + 1;
  }
  return found;
}

/** Splits a Nix expression into words, strings, and bracketed groups (kept as one word). */
function words(expression) {
  const list = [];
  let i = 0;
  while (i < expression.length) {
    const character = expression[i];
    if (/\s/.test(character)) i++;
    else if (character === '"') {
      const end = expression.indexOf('"', i + 1) + 1;
      list.push(expression.slice(i, end));
      i = end;
    } else if ("{[(".includes(character)) {
      const end = closing(expression, i) + 1;
      list.push(expression.slice(i, end));
      i = end;
    } else {
      const word = /^[^\s{[(]+/.exec(expression.slice(i))[0];
      list.push(word);
      i += word.length;
    }
  }
  return list;
}

/** Where the bracket at `start` closes. */
function closing(source, start) {
  let depth = 0;
  for (let i = start; i < source.length; i++) {
    if ("{[(".includes(source[i])) depth++;
    else if ("}])".includes(source[i])) depth--;
    if (depth === 0) return i;
  }
  throw new Error(`a bracket does not close: ${source.slice(start, start + 60)}`);
}

const combinators = {
  nullOr: ([type]) => `null or ${describe(type)}`,
  listOf: ([type]) => `list of ${describe(type)}`,
  attrsOf: ([type]) => `set of ${describe(type)}`,
  either: ([a, b]) => `${describe(a)} or ${describe(b)}`,
  enum: ([values]) =>
    words(values.slice(1, -1))
      .map((value) => `\`${value}\``)
      .join(", "),
  struct: () => "set",
  functionTo: () => "function",
};

/** A type's expression in words. */
function describe(expression) {
  const inner = expression.startsWith("(") ? expression.slice(1, -1).trim() : expression;
  const [head, ...rest] = words(inner);
  const name = head.replace(/^types\./, "");
  const combine = combinators[name];
  return combine ? combine(rest) : `[${name}](#types)`;
}

/** The value of `key` in a declaration's set, or undefined. */
function field(body, key) {
  const content = body.slice(1, -1);
  const at = new RegExp(`(^|\\n|;)\\s*${key} = `).exec(content);
  if (!at) return undefined;
  // The keys of a nested set are not this one's.
  const before = content.slice(0, at.index);
  const nested = (before.match(/[{[(]/g) ?? []).length !== (before.match(/[}\])]/g) ?? []).length;
  if (!nested) return statement(content, at.index + at[0].length);
  const type = field(body, "type");
  const after = content.indexOf(type) + type.length;
  return key === "type" ? undefined : field(`{${content.slice(after + 1)}}`, key);
}

/** The body of the function's `arguments`, its indentation, and what it inherits. */
function argumentsOf(source, where) {
  const at = /\n( *)(arguments =|\/\/) \{\n/.exec(source);
  if (!at) throw new Error(`${where}: no arguments`);
  const open = at.index + at[0].length - 2;
  const block = source.slice(open + 2, closing(source, open));
  const inherited = /removeAttrs (\w+)\.arguments \[([^\]]*)\]/.exec(source);
  return {
    declared: declarations(block, `${at[1]}  `, where),
    inherited: inherited && { from: inherited[1], except: words(inherited[2].replaceAll('"', "")) },
  };
}

function argumentEntry({ name, text, body }) {
  const value = field(body, "default");
  const standard = value === undefined ? "required" : `default \`${value.replace(/\s+/g, " ")}\``;
  const lines = text.split("\n").map((line) => `  ${line}`.trimEnd());
  return `- **\`${name}\`**: ${describe(field(body, "type"))}; ${standard}.  \n${lines.join("\n")}`;
}

/** The names of all arguments of a function, also of those that it takes over. */
function argumentNames(name, all) {
  const { declared, inherited } = all[name];
  const own = declared.map((argument) => argument.name);
  if (!inherited) return own;
  const more = argumentNames(inherited.from, all).filter((one) => !inherited.except.includes(one));
  return [...own, ...more.filter((one) => !own.includes(one))];
}

function functionSection(name, all) {
  const { declared, inherited } = all[name];
  const parts = [`## ${name}`, header(read(`lib/${name}.nix`)), "### Arguments".concat(` of ${name}`)];
  parts.push(declared.map(argumentEntry).join("\n"));
  if (inherited) {
    const own = declared.map((argument) => argument.name);
    const names = argumentNames(name, all)
      .filter((argument) => !own.includes(argument))
      .map((argument) => `\`${argument}\``);
    parts.push(`As in [${inherited.from}](#${inherited.from.toLowerCase()}): ${names.join(", ")}.`);
  }
  return parts.join("\n\n");
}

/** The arguments of a file that is a function of a set: `# comment` lines above `name ? …,`. */
function fileArguments(path) {
  const source = read(path);
  const start = source.indexOf("{\n");
  const found = [];
  let comment = [];
  for (const line of source.slice(start, closing(source, start)).split("\n")) {
    const name = /^ {2}([a-zA-Z]+)( \?|,)/.exec(line)?.[1];
    if (name) found.push(`- **\`${name}\`**: ${commentText(comment).replaceAll("\n", "\n  ")}`);
    comment = line.startsWith("  #") ? [...comment, line] : [];
  }
  return found.join("\n");
}

function typesSection() {
  const source = read("lib/internal/types.nix");
  const block = source.slice(source.indexOf("\nin rec {") + 1);
  const simple = declarations(block, "  ", "types.nix").filter(({ body }) => !/^[a-z]+:/.test(body));
  return simple.map(({ name, text }) => `- **${name}**: ${text.replaceAll("\n", "\n  ")}`).join("\n");
}

function systemsSection() {
  const files = readdirSync(new URL("lib/systems/", root)).sort();
  return files
    .map((file) => `- \`lib.systems.${file.replace(/\.nix$/, "")}\`: ${header(read(`lib/systems/${file}`))}`)
    .join("\n");
}

function reference() {
  const names = [
    ...["mkDockerWheel", "mkDockerWheels", "mkDockerVirtualenv", "mkDockerBuild", "mkDockerTest"],
    ...["mkAggregate", "mkChannel", "fetchPypi", "fetchRequirements", "mkSystem"],
  ];
  const all = Object.fromEntries(names.map((name) => [name, argumentsOf(read(`lib/${name}.nix`), name)]));
  return `${[
    "<!-- Made by `npm run reference` from the comments in lib/; do not edit. -->",
    "# Reference",
    "`voyager = import <nix-voyager> { }` has `lib` (below), `helper`, `voyager` (the command), `channel` (nix-voyager itself, for `nix-channel`), `version`, `bcryptWheel` and `examples`.",
    `## default.nix\n\n${fileArguments("default.nix")}`,
    `## release.nix\n\n${header(read("release.nix"))}\n\n${fileArguments("release.nix")}`,
    ...names.map((name) => functionSection(name, all)),
    `## Systems\n\n${systemsSection()}`,
    `## Types\n\n${typesSection()}`,
  ].join("\n\n")}\n`;
}

const text = reference();
if (!process.argv.includes("--check")) {
  writeFileSync(target, text);
} else if (text !== readFileSync(target, "utf8")) {
  process.stderr.write(`${fileURLToPath(target)} is stale; run: npm run reference\n`);
  process.exitCode = 1;
}
