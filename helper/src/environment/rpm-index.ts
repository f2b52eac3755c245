/** What the library index takes from rpm's database. */
import { libraryName } from "./library-index.ts";

/**
 * The key of a package is its number in the database: several of one name and architecture may be
 * installed. A file whose state is not normal (0) was replaced or never installed, and `rpm -qf`
 * would not name its package either. rpm has no essential packages.
 *
 * The version of the source is in its file's name, without the epoch; packages have their source's
 * epoch unless they say otherwise, and then have a version of their own as well.
 */
export const rpmListing = `database=$(rpm --eval '%{_dbpath}')
rpm -qa --qf '%{DBINSTANCE}\\t%{NAME}\\t%{ARCH}\\t%|EPOCH?{%{EPOCH}:}:{}|\\t%{VERSION}-%{RELEASE}\\t%{SOURCERPM}\\t[%{REQUIRENAME},]\\t[%{PROVIDENAME},]\\n' >raw
awk -F '\\t' -v OFS='\\t' '$2 != "gpg-pubkey" {
    source = $6; sub(/\\.(no)?src\\.rpm$/, "", source)
    name = source; sub(/-[^-]*-[^-]*$/, "", name)
    version = substr(source, length(name) + 2)
    if (source == "" || source == "(none)") { name = $2; version = $5 }
    print $1, $2, $3, $4 $5, name, (version == $5 ? $4 : "") version, "no", $7, $8
  }' raw >packages
sed 's/.*\\t\\([^\\t]*\\)\\t[^\\t]*$/\\1/' packages | tr ',' '\\n' | grep '^/' | sort -u >required || :
: >owned
: >provided
rpm -qa --qf '[%{=DBINSTANCE}\\t%{FILESTATES}\\t%{FILENAMES}\\n]' >raw
awk -F '\\t' -v OFS='\\t' 'BEGIN { while ((getline path < "required") > 0) wanted[path] = 1 }
  $2 == 0 && NF == 3 {
    name = $3; sub(/.*\\//, "", name)
    if (${libraryName}) print $3, $1 >"owned"
    if ($3 in wanted) print $3, $1 >"provided"
  }' raw
`;
