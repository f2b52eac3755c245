/** Every compiled file: what it asks for, and what it gets. */
import { count } from "../../common/text.ts";
import { fileName } from "../../linkage/file-name.ts";
import type { Library, Needed, ReportFile } from "../../linkage/report.ts";
import { type Html, html, type Part } from "./html.ts";
import { libraryKey, type PageContext, providerWords, toneOf } from "./libraries.ts";
import { tableOf } from "./tables.ts";

/** What is beyond is counted: the page stays one that a browser opens, whatever a build holds. */
const most = { files: 2000, librariesOfFile: 300, libraries: 30_000, values: 40 };

/** What a table of files remembers while it is made. */
interface State {
  context: PageContext;
  /** Number and first file of each set of libraries that was written out. */
  closures: Map<string, { id: number; file: string }>;
  /** Libraries that may still be written. */
  left: number;
}

/** Takes what may still be written of a list. */
function take<T>(list: T[], state: State): { shown: T[]; rest: number } {
  const shown = list.slice(0, Math.min(most.librariesOfFile, state.left));
  state.left -= shown.length;
  return { shown, rest: list.length - shown.length };
}

const andMore = (rest: number) =>
  rest > 0 ? html`<li>and ${rest} more, in <code>linkage.json</code></li>` : null;

const tags = { good: "tag", noted: "tag warn", bad: "tag bad" };

/** Who provides a library; a package leads to its row. */
function provider(library: Library, context: PageContext): Html {
  const { package: owner, version } = library.provider;
  if (owner === null) {
    const copy = context.bundled.get(library.soname);
    const words = providerWords(library.provider) + (copy === undefined ? "" : `, a copy of that of ${copy}`);
    return html`<span class="${tags[toneOf(library, context)]}">${words}</span>`;
  }
  const row = context.packageRows.get(owner);
  const name = row === undefined ? html`${owner}` : html`<a href="#p${row}">${owner}</a>`;
  return html`${name} ${version}`;
}

/** Values of which a hostile file may have any number. */
function values(list: string[]): Part {
  const more = list.length > most.values ? ` and ${list.length - most.values} more` : "";
  return [list.slice(0, most.values).join(" "), more];
}

function neededItem(one: Needed, context: PageContext): Html {
  const versions =
    one.symbolVersions.length === 0 ? null : html`<small>${values(one.symbolVersions)}</small>`;
  return html`<li><code>${one.soname}</code> ${provider(one, context)}${one.path === null ? null : html`<small>${one.path}</small>`}${versions}</li>`;
}

function needs(file: ReportFile, state: State): Html {
  if (!file.dynamic) return html`<span class="light">not dynamically linked</span>`;
  if (file.needed.length === 0) return html`<span class="light">nothing</span>`;
  const { shown, rest } = take(file.needed, state);
  return html`<ul>${shown.map((one) => neededItem(one, state.context))}${andMore(rest)}</ul>`;
}

/** What else the file says of itself; what it does not say is not listed. */
function facts(file: ReportFile): Html {
  const fact = (name: string, value: Part) => html`<dt>${name}</dt><dd>${value}</dd>`;
  const optional = (name: string, value: string | null) =>
    value === null ? null : fact(name, html`<code>${value}</code>`);
  const dlopen = file.dlopen.slice(0, most.values).map(({ sonames, feature, description, priority }) => {
    const words = [feature, description, priority].filter((one) => one !== null).join(", ");
    return fact("May load", html`<code>${values(sonames)}</code>${words === "" ? "" : ` (${words})`}`);
  });
  const statics = file.static
    .slice(0, most.values)
    .map(({ archive, provider: { package: owner, version } }) =>
      fact("Linked in", html`<code>${archive}</code>${owner === null ? "" : ` of ${owner} ${version}`}`),
    );
  return html`<dl>${file.runpath.length === 0 ? null : fact("Runpath", html`<code>${values(file.runpath)}</code>`)}${optional("Interpreter", file.interpreter)}${optional("Soname", file.soname)}${optional("Build id", file.buildId)}${statics}${dlopen}</dl>`;
}

/** All libraries of the closure; a set that is there already is pointed at. */
function closure(file: ReportFile, state: State): Html {
  if (file.closure.length === 0) return html`<span class="light">nothing</span>`;
  const key = file.closure.map(libraryKey).join("\n");
  const total = count(file.closure.length, "library", "libraries");
  const same = state.closures.get(key);
  if (same) return html`<a href="#c${same.id}" title="${same.file}">the same ${total} as another file</a>`;
  const id = state.closures.size;
  state.closures.set(key, { id, file: fileName(file) });
  const needed = new Set(file.needed.map(libraryKey));
  const { shown, rest } = take(file.closure, state);
  const items = shown.map((one) => {
    const light = needed.has(libraryKey(one)) ? null : html` class="light"`;
    return html`<li${light}><code>${one.soname}</code> ${provider(one, state.context)}</li>`;
  });
  return html`<details id="c${id}"><summary>${total}</summary><ul>${items}${andMore(rest)}</ul></details>`;
}

function row(file: ReportFile, index: number, state: State): Html {
  const name = fileName(file);
  const kind = [file.type, file.machine, `${file.class} bit`].join(", ");
  const mark = state.context.troubled.has(name)
    ? html` <a class="tag bad" href="#problems">problem</a>`
    : null;
  return html`<tr id="f${index}"><th scope="row"><code>${name}</code>${mark}<small>${kind}</small></th>
<td data-sort="${file.needed.length}">${needs(file, state)}</td>
<td data-sort="${file.buildId ?? ""}">${facts(file)}</td>
<td data-sort="${file.closure.length}">${closure(file, state)}</td></tr>
`;
}

/** The table of files. */
export function filesSection(context: PageContext): Html {
  const { files } = context.report;
  if (files.length === 0) return html``;
  const state: State = { context, closures: new Map(), left: most.libraries };
  return html`<section aria-labelledby="files">
<h2 id="files">Files</h2>
<p>Found by the system's own loader, in the environment of the build. Symbol versions are those that the file asks for.</p>
${tableOf({
  id: "files-table",
  caption: "Compiled files and what they need",
  headings: ["File", "Needs", "Says of itself", "Loads in all"],
  rows: files.slice(0, most.files).map((file, index) => row(file, index, state)),
  left: Math.max(0, files.length - most.files),
})}
</section>
`;
}
