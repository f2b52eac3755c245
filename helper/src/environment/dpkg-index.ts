/** What the library index takes from dpkg's database. `dpkg -S` for each file would take minutes. */
import { libraryName } from "./library-index.ts";

/** Fields of dpkg-query in the order of the index; Multi-Arch and the two kinds of dependency go in first. */
const fields = [
  "db:Status-Abbrev",
  "Multi-Arch",
  "Pre-Depends",
  "Package",
  "Architecture",
  "Version",
  "source:Package",
  "source:Version",
  "Essential",
  "Depends",
  "Provides",
];

/**
 * The key of a package is the name of its list of files: with its architecture where several may
 * be installed. A diversion (dpkg-divert(1)) renames a file of all packages but the one that
 * diverts; a local one (":") of all.
 */
export const dpkgListing = `database=/var/lib/dpkg
info=$database/info
: >provided
diversions=$database/diversions
[ -e $diversions ] || diversions=/dev/null
awk -v diversions=$diversions -v info="$info/" -v OFS='\\t' 'BEGIN {
    while ((getline from < diversions) > 0 && (getline to < diversions) > 0 && (getline by < diversions) > 0) {
      target[from] = to; diverter[from] = by
    }
  }
  FNR == 1 {
    key = substr(FILENAME, length(info) + 1); sub(/\\.list$/, "", key)
    package = key; sub(/:.*/, "", package)
  }
  {
    path = $0
    if (path in target && diverter[path] != package) path = target[path]
    name = path; sub(/.*\\//, "", name)
    if (${libraryName}) print path, key
  }' $info/*.list >owned
dpkg-query -W -f '${fields.map((field) => `\${${field}}`).join("\\t")}\\n' >raw
awk -F '\\t' -v OFS='\\t' 'substr($1, 2, 1) == "i" {
    key = $2 == "same" ? $4 ":" $5 : $4
    print key, $4, $5, $6, $7, $8, $9 == "yes" ? "yes" : "no", $3 ($3 != "" && $10 != "" ? ", " : "") $10, $11
  }' raw >packages
`;
