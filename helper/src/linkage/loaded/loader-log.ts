/**
 * Reads what the system's own loader wrote down with LD_DEBUG=scopes (ld.so(8)): for each program
 * that was started, the libraries that it was started with, and then every one that it opened.
 *
 * The loader appends to one file for each process, and begins anew where the process becomes
 * another program. Names are as the loader opened them, links not followed; the program itself is
 * named by argv[0]. A child that was forked writes to its parent's file.
 */

/** A program that ran in a process, and what the loader loaded for it. */
export interface Image {
  /** Process id that the file is named by. */
  pid: number;
  /** argv[0]. */
  program: string;
  /** Libraries that it was started with. */
  initial: Set<string>;
  /** Libraries that were opened later → the one that was asked for: itself, or one that needs it. */
  opened: Map<string, string>;
}

/** Reads the files as `tail -v -n +1` prints them: each below a line "==> …/ld.PID <==". */
export function parseLoaderLog(text: string): Image[] {
  const reader = new Reader();
  for (const line of text.split("\n")) {
    const file = /^==> .*\/ld\.(\d+) <==$/.exec(line)?.[1];
    if (file) reader.beginFile(Number(file));
    else reader.read(line.replace(/^ *\d+:\t/, ""));
  }
  return reader.images;
}

class Reader {
  readonly images: Image[] = [];
  #pid = 0;
  #image: Image | null = null;
  /** What the loader prints as the program's own scope: its name and those that it is started with. */
  #mainScope = "";
  #object = "";

  beginFile(pid: number): void {
    this.#pid = pid;
    this.#image = null;
  }

  read(line: string): void {
    if (line === "Initial object scopes") {
      this.#image = null;
      return;
    }
    const object = /^object=(.*) \[\d+\]$/.exec(line)?.[1];
    const scope = /^ *scope \d+: (.*)$/.exec(line)?.[1];
    if (object !== undefined) this.#readObject(object);
    else if (scope !== undefined && this.#image) this.#readScope(this.#image, scope);
  }

  #readObject(name: string): void {
    this.#object = name;
    const image = this.#image;
    if (image === null) {
      this.#image = { pid: this.#pid, program: name, initial: new Set(), opened: new Map() };
      this.images.push(this.#image);
      this.#mainScope = "";
    } else if (name.startsWith("/") && name !== image.program) {
      // Names are compared within the line: they may have spaces in them.
      if (`${this.#mainScope} `.includes(` ${name} `)) image.initial.add(name);
      else if (!image.opened.has(name)) image.opened.set(name, name);
    }
  }

  #readScope(image: Image, names: string): void {
    if (this.#object === image.program) this.#mainScope ||= names;
    else if (image.opened.get(this.#object) === this.#object && !beginsWith(names, image.program)) {
      const root = [...image.opened.keys()].find((name) => beginsWith(names, name));
      if (root) image.opened.set(this.#object, root);
    }
  }
}

function beginsWith(names: string, name: string): boolean {
  return names === name || names.startsWith(`${name} `);
}
