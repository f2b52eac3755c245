/** The script that asks loaders of many files at once, and reads their answers apart. */
import { quoteWord, realPathsFunction } from "../../common/shell.ts";
import { newMark, type Question } from "./ask.ts";
import type { Loader } from "./loaders.ts";

/** One question: a file, and the loaders that may load it; the first that there is gets asked. */
export interface LoaderQuestion {
  /** Path in the container: bytes, one a character. */
  file: string;
  loaders: Loader[];
}

/** What a loader printed. */
export interface RawAnswer {
  /** The loader that was asked; null: the system has none of them. */
  loader: string | null;
  output: string;
  status: number;
}

export interface RawAnswers {
  /** By index of the question; undefined where none came in time. */
  answers: (RawAnswer | undefined)[];
  /** Real paths by the paths in the answers; null if they cannot be told apart. */
  realPaths: Map<string, string> | null;
}

export interface Pace {
  /** Seconds for one question; null: only all of them together have a limit, which costs less. */
  each: number | null;
  /** Seconds for all. */
  all: number;
}

/** Shells at once, and questions below which another is not worth its start. */
const mostShells = 8;
const fewQuestions = 16;

const work = '"$work"';
/** The question when there is nothing to ask. */
const none = { script: ":", read: () => ({ answers: [], realPaths: new Map() }) };

/** Asks one loader: `ask NUMBER FILE LOADER…`. */
function askFunction(mark: string, { each }: Pace): string {
  // A limit is a program of its own, which must not itself be traced: hence env behind it.
  const limit = each === null ? "" : `timeout -s KILL ${each} `;
  const trace = each === null ? "LD_TRACE_LOADED_OBJECTS=1 " : `${limit}env LD_TRACE_LOADED_OBJECTS=1 `;
  return `ask() {
  number=$1 file=$2
  shift 2
  for loader do
    [ -x "$loader" ] || continue
    printf '\\n${mark} %s %s\\n' "$number" "$loader"
    # --list gives up at the first library that it does not find; this is what ldd does.
    case $loader in
      */ld-musl-*) ${limit}"$loader" --list "$file" ;;
      *) ${trace}"$loader" "$file" ;;
    esac </dev/null 2>&1
    printf '\\n${mark} end %s\\n' "$?"
    return
  done
  printf '\\n${mark} %s none\\n' "$number"
}`;
}

/** LD_LIBRARY_PATH and the like would change the answers; so would the working folder. */
const neutral = `for name in $(env | sed -n 's/^\\(LD_[A-Za-z0-9_]*\\)=.*/\\1/p') GLIBC_TUNABLES; do
  unset "$name"
done
cd /
ulimit -c 0
ulimit -t 20`;

/** All questions by one script. */
export function askLoaders(questions: readonly LoaderQuestion[], pace: Pace): Question<RawAnswers> {
  if (questions.length === 0) return none;
  const mark = newMark();
  const count = Math.max(1, Math.min(mostShells, Math.ceil(questions.length / fewQuestions)));
  const shells = Array.from({ length: count }, (_, shell) => {
    const lines = questions.flatMap(({ file, loaders }, index) =>
      index % count === shell
        ? [`ask ${index} ${[file, ...loaders.map(({ path }) => path)].map(quoteWord).join(" ")}`]
        : [],
    );
    // 64 MiB of answers at most: a file may need a million names.
    return `timeout -s KILL ${pace.all} sh >${work}/${shell} 2>/dev/null <<'${mark}' &
ulimit -f 131072
${askFunction(mark, pace)}
${lines.join("\n")}
${mark}
`;
  });
  const script = `${neutral}
${realPathsFunction}
work=$(mktemp -d) || exit
trap 'rm -rf ${work}' EXIT
${shells.join("")}wait
cat ${work}/[0-9] >${work}/answers
tab=$(printf '\\t')
sed -n -e "s/^$tab.* => \\(\\/.*\\) (0x[0-9a-f]*)\\$/\\1/p" -e "s/^$tab\\(\\/.*\\) (0x[0-9a-f]*)\\$/\\1/p" ${work}/answers |
  sort -u >${work}/paths
cat ${work}/answers
printf '\\n${mark} paths\\n'
cat ${work}/paths
printf '${mark} real\\n'
real_paths <${work}/paths
`;
  return { script, read: (output) => readAnswers(output, mark, questions.length) };
}

function readAnswers(output: string, mark: string, count: number): RawAnswers {
  const answers: (RawAnswer | undefined)[] = Array.from({ length: count }, () => undefined);
  const [all = "", real = ""] = output.split(`\n${mark} paths\n`);
  let open: { index: number; loader: string; output: string } | null = null;
  for (const part of all.split(`\n${mark} `).slice(1)) {
    const newline = part.indexOf("\n");
    const head = newline < 0 ? part : part.slice(0, newline);
    const rest = newline < 0 ? "" : part.slice(newline + 1);
    const end = /^end (\d+)$/.exec(head);
    if (end && open) {
      answers[open.index] = { loader: open.loader, output: open.output, status: Number(end[1]) };
      open = null;
      continue;
    }
    const [, number = "", loader = ""] = /^(\d+) (.+)$/.exec(head) ?? [];
    const index = Number(number);
    open = null;
    if (loader === "none") answers[index] = { loader: null, output: "", status: 0 };
    else if (loader !== "" && newline >= 0) open = { index, loader, output: rest };
  }
  return { answers, realPaths: readRealPaths(real, mark) };
}

function readRealPaths(text: string, mark: string): Map<string, string> | null {
  const [asked, real] = text.split(`${mark} real\n`).map((part) => part.split("\n").slice(0, -1));
  if (!asked || asked.length !== real?.length || !real.every((path) => path.startsWith("/"))) return null;
  return new Map(asked.map((path, index) => [path, real[index] ?? ""]));
}
