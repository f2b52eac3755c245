# Tells whether a system has what the compiled files of a delivery need: libraries by soname,
# symbol versions by name. Needs a POSIX shell and od, tr, grep, sed, readlink; uses ldconfig and
# the package manager where they are.

usage() {
  cat <<'end'
usage: verify [--root DIR] [--quiet] [--tsv]
  --root DIR  look at the system whose root folder is DIR, instead of this one
  --quiet     print only what is not as it should be
  --tsv       print findings as lines of four fields, separated by tabs: status, subject, text, remedy
Exit status: 0 all is there, 1 something is missing, 2 cannot tell.
end
}

# --- Findings ---

missing=0
unknown=0

# finding STATUS SUBJECT TEXT [REMEDY], where STATUS is ok, missing, unknown or note
finding() {
  case $1 in
    missing) missing=$((missing + 1)) mark=MISSING ;;
    unknown) unknown=$((unknown + 1)) mark=UNKNOWN ;;
    *) mark=$1 ;;
  esac
  if [ "$tsv" = yes ]; then
    printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "${4-}"
  elif [ "$quiet" = no ] || [ "$mark" != "$1" ]; then
    printf '%-7s  %s: %s\n' "$mark" "$2" "$3"
    [ -z "${4-}" ] || printf '         remedy: %s\n' "$4"
  fi
}

# --- Files of the target ---

# Sets `inside` to a path of the target with links followed, and `real` to where that is here.
# A link of the target leads to a place in the target, wherever its root folder is.
resolve() {
  rest=$1 inside='' hops=0
  while [ -n "$rest" ]; do
    part=${rest%%/*}
    rest=${rest#"$part"} rest=${rest#/}
    case $part in
      '' | .) ;;
      ..) inside=${inside%/*} ;;
      *)
        if [ -L "$root$inside/$part" ]; then
          hops=$((hops + 1))
          link=$(readlink "$root$inside/$part") || link=
          if [ -z "$link" ] || [ "$hops" -gt 40 ]; then
            real='' inside=''
            return 1
          fi
          case $link in /*) inside= ;; esac
          rest=$link/$rest
        else
          inside=$inside/$part
        fi
        ;;
    esac
  done
  real=$root$inside
}

# Sets `elf` to class and machine of a file here ("64 62"), to nothing if it is no ELF file.
read_elf() {
  elf=''
  # Nobody waits for a pipe or a device that has a library's name.
  [ -f "$1" ] || return 1
  # shellcheck disable=SC2046 # twenty bytes, each a word
  set -- $(od -An -v -tx1 -N20 "$1" 2>/dev/null)
  if [ $# -ne 20 ] || [ "$1$2$3$4" != 7f454c46 ]; then return 1; fi
  case $5 in
    01) class=32 ;;
    02) class=64 ;;
    *) return 1 ;;
  esac
  case $6 in
    01) elf="$class $((0x${20}${19}))" ;;
    02) elf="$class $((0x${19}${20}))" ;;
    *) return 1 ;;
  esac
}

# --- Where the target's loader looks ---

# Lines "soname TAB path" of the loader's cache; nothing where no ldconfig can read it.
read_cache() {
  cache='' cached=no
  resolve /etc/ld.so.cache
  [ -f "$real" ] || return 0
  cached=yes
  for program in ldconfig /sbin/ldconfig /usr/sbin/ldconfig; do
    # Others than glibc's have no -p, or print something else.
    cache=$("$program" -p -C "$real" 2>/dev/null |
      sed -n "s|^[[:space:]]*\\(.*\\) (.*) => \\(/.*\\)\$|\\1$tab\\2|p")
    [ -z "$cache" ] || return 0
  done
}

# Sets `configured` to the folders of ld.so.conf and what it includes, one a line.
read_configuration() {
  configured=$(list_configuration /etc/ld.so.conf 0)
}

list_configuration() (
  resolve "$1"
  [ -f "$real" ] && [ "$2" -lt 5 ] || return 0
  sed -e 's/#.*//' -e 's/[:,=]/ /g' "$real" | while read -r word others; do
    case $word in
      /*) printf '%s\n' "$word" ;;
      include)
        # The pattern is of the target; its folders may be links there.
        resolve "${others%/*}"
        folder=$inside
        set +f
        for file in "$root$folder"/${others##*/}; do
          list_configuration "$folder/${file##*/}" $(($2 + 1))
        done
        set -f
        ;;
    esac
  done
)

# Folders that loaders search without being told, one a line.
default_folders() {
  case $1 in
    "64 62") triplets='x86_64-linux-gnu' ;;
    "32 3") triplets='i386-linux-gnu' ;;
    "64 183") triplets='aarch64-linux-gnu' ;;
    "32 40") triplets='arm-linux-gnueabihf arm-linux-gnueabi' ;;
    "64 21") triplets='powerpc64le-linux-gnu' ;;
    "64 22") triplets='s390x-linux-gnu' ;;
    "64 243") triplets='riscv64-linux-gnu' ;;
    "64 258") triplets='loongarch64-linux-gnu' ;;
    *) triplets='' ;;
  esac
  for triplet in $triplets; do printf '%s\n' "/lib/$triplet" "/usr/lib/$triplet"; done
  case $1 in 64*) printf '%s\n' /lib64 /usr/lib64 ;; esac
  printf '%s\n' /lib /usr/lib
  [ "$musl" = no ] || printf '%s\n' /usr/local/lib
}

# Whether musl's loader is the target's own: it has no cache, and folders of its own.
find_musl() {
  musl=no
  [ "$cached" = no ] || return 0
  set +f
  for loader in "$root"/lib/ld-musl-*.so.1 "$root"/usr/lib/ld-musl-*.so.1; do
    if [ -e "$loader" ] || [ -L "$loader" ]; then musl=yes; fi
  done
  for file in "$root"/etc/ld-musl-*.path; do
    [ ! -f "$file" ] || configured="$configured$nl$(tr ':' '\n' <"$file")"
  done
  set -f
}

# Whether a path of the target is a library of this class and machine: then `found` is it.
accept() {
  resolve "$1" || return 1
  [ -e "$real" ] || return 1
  if [ ! -r "$real" ]; then
    unreadable=$1
    return 1
  fi
  read_elf "$real"
  if [ "$elf" = "$2" ]; then
    found=$1 found_real=$real found_inside=$inside
    return 0
  fi
  foreign=$1
  return 1
}

# find_library SONAME ELF RUNPATH: what the loader opens. Sets `found`; or `uncached`, where only
# ldconfig's work is missing; or `foreign`, where there is one for another machine only.
find_library() {
  found='' uncached='' foreign='' unreadable=''
  old_ifs=$IFS
  IFS=:
  for folder in $3; do
    IFS=$old_ifs
    ! accept "$folder/$1" "$2" || return 0
  done
  IFS=$nl
  for line in $(printf '%s\n' "$cache" | grep -F -e "$1$tab"); do
    IFS=$old_ifs
    case $line in "$1$tab"*) ! accept "${line#*"$tab"}" "$2" || return 0 ;; esac
  done
  IFS=$nl
  for folder in $(default_folders "$2"); do
    IFS=$old_ifs
    ! accept "$folder/$1" "$2" || return 0
  done
  IFS=$nl
  for folder in $configured; do
    IFS=$old_ifs
    if accept "$folder/$1" "$2"; then
      # The loader reads its cache, never ld.so.conf itself.
      if [ -z "$cache" ] && [ "$cached$musl" != nono ]; then return 0; fi
      uncached=$found found=''
      return 1
    fi
  done
  IFS=$old_ifs
  return 1
}

# --- Symbol versions ---

# check_versions FILE VERSION…: sets `absent` to those that the library has not, `doubtful` to those
# that are there only as the end of a longer name.
check_versions() {
  library=$1 absent='' doubtful=''
  shift
  [ $# -gt 0 ] || return 0
  strings=$(for version in "$@"; do set -- "$@" -e "$version"; shift; done
    names_in "$library" | grep -F -x "$@")
  for version in "$@"; do
    case $nl$strings$nl in
      *"$nl$version$nl"*) ;;
      *)
        # A linker may keep "FOO_1" as the end of "LIBFOO_1".
        if ends_in "$library" "$version"; then doubtful="$doubtful $version"
        else absent="$absent $version"; fi
        ;;
    esac
  done
}

# The strings that end in a NUL, one a line.
names_in() {
  tr -cd '\000\040-\176' <"$1" | tr '\000' '\n'
}

ends_in() {
  names_in "$1" | grep -F -e "$2" | while read -r name; do
    case $name in *"$2") echo yes ;; esac
  done | grep -q yes
}

# --- Packages ---

# Sets `manager` to what the target is managed with, `family` to deb, rpm, apk or nothing.
find_manager() {
  manager='' family=''
  if [ -f "$root/var/lib/dpkg/status" ]; then
    family=deb manager=apt-get
  elif [ -d "$root/var/lib/rpm" ] || [ -d "$root/usr/lib/sysimage/rpm" ]; then
    family=rpm manager=dnf
    for program in dnf microdnf yum zypper; do
      [ -x "$root/usr/bin/$program" ] || continue
      manager=$program
      break
    done
  elif [ -f "$root/lib/apk/db/installed" ]; then
    family=apk manager=apk
  fi
}

ask_dpkg() { dpkg-query --admindir="$root/var/lib/dpkg" "$@" 2>/dev/null; }

ask_rpm() {
  folder=$root/var/lib/rpm
  [ -e "$folder" ] || folder=$root/usr/lib/sysimage/rpm
  rpm --dbpath "$folder" "$@" 2>/dev/null
}

# packages NAME…: sets `installed` to lines "name TAB version" of those that the target has.
packages() {
  installed=''
  case $family in
    deb)
      # shellcheck disable=SC2016 # dpkg-query's fields, not variables
      installed=$(ask_dpkg -W -f '${db:Status-Status}\t${Package}\t${Version}\n' "$@" |
        sed -n "s/^installed$tab//p")
      ;;
    rpm) installed=$(ask_rpm -q --qf '%{NAME}\t%{EVR}\n' "$@" | grep -F "$tab") ;;
  esac
}

# Sets `version` to the installed version of a package, to nothing where that is not known.
version_of() {
  version=$(printf '%s\n' "$installed" | grep -F -e "$1$tab" | while IFS=$tab read -r name text; do
    [ "$name" != "$1" ] || printf '%s\n' "$text"
  done | sed 1q)
}

# owner_of PATH SONAME ELF: sets `owner` to the package that has the library, with its version.
owner_of() {
  owner='' capability=$2
  case $3 in 64*) capability="$2()(64bit)" ;; esac
  case $family in
    deb)
      for path in "$1" "${1#/usr}" "/usr$1"; do
        owner=$(ask_dpkg -S "$path" | sed -n '/^diversion by /d; s/: .*//; s/,.*//; p' | sed 1q)
        [ -n "$owner" ] || continue
        # shellcheck disable=SC2016
        owner=$(ask_dpkg -W -f '${Package} ${Version}\n' "$owner" | sed 1q)
        return 0
      done
      ;;
    rpm)
      # By what it provides, as -f looks at the file where this system has it, not the target.
      owner=$(ask_rpm -q --qf '%{NAME} %{EVR}\t\n' --whatprovides "$capability" | sed -n "s/$tab\$//p" | sed 1q)
      ;;
  esac
  return 0
}

# older A B: whether version A is older than B; 2 when that cannot be told.
older() {
  case $family in
    deb)
      dpkg --compare-versions "$1" lt "$2" 2>/dev/null
      case $? in 0) return 0 ;; 1) return 1 ;; *) return 2 ;; esac
      ;;
    rpm)
      # Macros would be expanded in what is handed to rpm.
      case $1$2 in *[!A-Za-z0-9._+~^:-]*) return 2 ;; esac
      case $(rpm --eval "%{lua: print(rpm.vercmp('$1', '$2'))}" 2>/dev/null) in
        -1) return 0 ;;
        0 | 1) return 1 ;;
        *) return 2 ;;
      esac
      ;;
    *) return 2 ;;
  esac
}

# available PACKAGE: 0 if the package lists of the target have it, 1 if not, 2 if there are no lists.
available() {
  [ "$family" = deb ] && [ -n "$1" ] || return 2
  set +f
  lists=$(for list in "$root"/var/lib/apt/lists/*Packages*; do [ ! -f "$list" ] || echo "$list"; done)
  set -f
  [ -n "$lists" ] || return 2
  answer=$(apt-cache -o RootDir="${root:-/}" policy "$1" 2>/dev/null) || return 2
  case $answer in
    *"Candidate: (none)"*) return 1 ;;
    *"Candidate: "*) return 0 ;;
    *) return 1 ;;
  esac
}

# Sets `remedy` to how one gets a library: remedy_for SONAME ELF PACKAGE LEAST VERSION…
remedy_for() {
  soname=$1 bits='' package=$3 least=$4
  case $2 in 64*) bits='(64bit)' ;; esac
  shift 4
  case $family in
    deb)
      if [ "$built_family" != deb ] || [ -z "$package" ]; then
        remedy="apt-file search $soname names the package to install"
      else
        remedy="apt-get install $package${least:+ (version $least or later)}"
      fi
      ;;
    rpm)
      remedy="$manager install"
      [ $# -gt 0 ] || set -- ''
      for version in "$@"; do
        # rpm leaves the empty parentheses out where nothing follows them.
        if [ -z "$version$bits" ]; then remedy="$remedy '$soname'"
        else remedy="$remedy '$soname($version)$bits'"; fi
      done
      ;;
    apk) remedy="apk add so:$soname" ;;
    *) remedy="install what has $soname${package:+: on $built_on that is the package $package${least:+, version $least or later}}" ;;
  esac
}

# --- Libraries that go by another number now ---

# What all numbers of a soname have in common: "libfoo.so" of libfoo.so.1, "libfoo.so" of libfoo-1.2.so.3
without_numbers='s/[-.][0-9][0-9]*//g'

# Lines "common TAB soname TAB path" of all libraries that the target's loader finds.
list_libraries() {
  {
    printf '%s\n' "$cache"
    if [ -z "$cache" ]; then
      { default_folders "$1"; printf '%s\n' "$configured"; } | while read -r folder; do
        if [ -z "$folder" ] || ! resolve "$folder" || [ ! -d "$real" ]; then continue; fi
        set +f
        for file in "$real"/*.so*; do printf '%s\n' "${file##*/}$tab$folder/${file##*/}"; done
        set -f
      done
    fi
  } | sed -e h -e "s/$tab.*//" -e "$without_numbers" -e G -e "s/\\n/$tab/"
}

# Sets `others` to the sonames of other numbers that the target has, with their packages, and
# `other` to the last of them: find_others SONAME ELF
find_others() {
  others='' other=''
  common=$(printf '%s\n' "$1" | sed "$without_numbers")
  old_ifs=$IFS
  IFS=$nl
  for line in $(list_libraries "$2" | grep -F -e "$common$tab"); do
    IFS=$old_ifs
    case $line in "$common$tab"*) ;; *) continue ;; esac
    line=${line#*"$tab"}
    name=${line%%"$tab"*}
    # The link for compilers is no soname, but where all sonames are of that form.
    case $1 in *.so.*) case $name in *.so) continue ;; esac ;; esac
    if [ "$name" = "$1" ] || ! accept "${line#*"$tab"}" "$2"; then continue; fi
    case " $others" in *" $name ("* | *" $name,"* | *" $name") continue ;; esac
    # libfoo.so.1.2.3 is but the file that libfoo.so.1 leads to: a library knows its soname.
    names_in "$found_real" | grep -q -F -x -e "$name" || continue
    owner_of "$found_inside" "$name" "$2"
    others="$others${others:+, }$name${owner:+ (package $owner)}" other=$name
  done
  IFS=$old_ifs
  [ -n "$others" ]
}

# The first number after ".so.", or nothing.
number_of() {
  number=${1##*.so.}
  number=${number%%.*}
  case $number in '' | *[!0-9]*) number='' ;; esac
}

# --- What the delivery says that it needs ---

# built_for NAME ID VERSION FAMILY
built_for() {
  built_on=$1 built_family=$4
  resolve /etc/os-release
  [ -r "$real" ] || return 0
  id=$(sed -n 's/^ID=//p' "$real" | tr -d "\"'")
  release=$(sed -n 's/^VERSION_ID=//p' "$real" | tr -d "\"'")
  if [ "$id" != "$2" ] || [ "$release" != "$3" ]; then
    finding note system "this is $id $release; it was built on $1"
  fi
}

# machine NAME PATTERN…: names that `uname -m` may have where such files run.
machine() {
  name=$1
  # The root folder of another system says nothing of the machine that it is for.
  [ -z "$root" ] || return 0
  here=$(uname -m 2>/dev/null) || here=''
  if [ -z "$here" ]; then
    finding unknown architecture "uname does not tell this machine's; the files are for $name"
    return 0
  fi
  shift
  for one in "$@"; do
    if [ "$one" = "$here" ]; then
      finding ok architecture "$here"
      return 0
    fi
  done
  finding missing architecture "this machine is $here; the files are for $name" "use a build for $here"
}

# loader PATH ELF PACKAGE: the program that starts the executables.
loader() {
  found=''
  if accept "$1" "$2"; then
    finding ok "$1" "the loader that executables name"
  elif [ "$musl" = yes ]; then
    finding missing "$1" "the loader that executables name; this system's C library is musl, not glibc" \
      "run it on $built_on, or build it on this system"
  else
    remedy_for "${1##*/}" "$2" "$3" ''
    finding missing "$1" "the loader that executables name" "$remedy"
  fi
}

# nix_library SONAME PATH: one of another store path.
nix_library() {
  resolve "$2"
  if [ -n "$real" ] && [ -e "$real" ]; then finding ok "$1" "$2"
  else finding missing "$1" "$2 is not here" "copy it with nix-copy-closure or nix copy"; fi
}

# library SONAME ELF PACKAGE LEAST RUNPATH VERSION…
library() {
  soname=$1 wanted=$2 package=$3 least=$4 runpath=$5
  shift 5
  if ! find_library "$soname" "$wanted" "$runpath"; then
    no_library "$soname" "$wanted" "$package" "$least" "$@"
    return 0
  fi
  place=$found file=$found_real
  check_versions "$file" "$@"
  owner='' version=''
  [ -z "$package" ] || version_of "$package"
  if [ -n "$version" ]; then owner="$package $version"
  # Looking through all files of all packages takes time, so only where the answer depends on it.
  elif [ -n "$absent" ] || { [ -n "$least" ] && [ $# -eq 0 ]; }; then owner_of "$found_inside" "$soname" "$wanted"; fi
  if [ -n "$absent" ]; then
    # shellcheck disable=SC2086 # names of versions, each a word
    remedy_for "$soname" "$wanted" "$package" "$least" $absent
    finding missing "$soname" \
      "$place${owner:+ (package $owner)} has no symbol version$absent: it is too old" "$remedy"
  elif [ -n "$doubtful" ]; then
    finding unknown "$soname" "$place has symbol version$doubtful perhaps: only longer names end so"
  else
    old_package "$#"
  fi
}

# old_package COUNT: what there is to say of a library that has all of that many symbol versions.
# Its package may still be too old for symbols that versions do not tell apart.
old_package() {
  age=unknown
  if [ -z "$least" ]; then age=young
  elif [ -n "$owner" ] && [ "$family" = "$built_family" ]; then
    older "${owner##* }" "$least"
    case $? in 0) age=old ;; 1) age=young ;; esac
  fi
  if [ "$age" = old ]; then
    text="$place; package $owner is older than $least, of which symbols are used"
    if [ "$1" -gt 0 ]; then finding note "$soname" "$text, but it has all symbol versions"
    else
      remedy_for "$soname" "$wanted" "$package" "$least"
      finding unknown "$soname" "$text, and it has no symbol versions to tell by" "$remedy"
    fi
  elif [ "$age" = unknown ] && [ "$1" -eq 0 ]; then
    finding unknown "$soname" \
      "$place${owner:+ ($owner)} has no symbol versions to tell by whether it is as new as $package $least"
  else
    finding ok "$soname" "$place${owner:+ ($owner)}"
  fi
}

# no_library SONAME ELF PACKAGE LEAST VERSION…: says why a library is not found, as far as it is known.
no_library() {
  remedy_for "$@"
  if [ -n "$unreadable" ]; then
    finding unknown "$1" "$unreadable cannot be read" "run this as a user who may read it"
    return 0
  fi
  if [ -n "$uncached" ]; then
    finding missing "$1" "$uncached is there, but the loader's cache does not know it" ldconfig
    return 0
  fi
  case $1 in
    libc.so.6 | ld-linux*)
      if [ "$musl" = yes ]; then
        finding missing "$1" "this system's C library is musl, not glibc" \
          "run it on $built_on, or build it on this system"
        return 0
      fi
      ;;
  esac
  wrong=''
  [ -z "$foreign" ] || wrong="; $foreign is for another architecture"
  if ! find_others "$1" "$2"; then
    finding missing "$1" "no such library here$wrong" "$remedy"
    return 0
  fi
  available "$3"
  case $? in
    0)
      finding missing "$1" "not installed; the system has $others, and its repositories still have $3" "$remedy"
      return 0
      ;;
    1) why=", and its repositories have no $3" ;;
    *) why='' ;;
  esac
  number_of "$other"
  newer=$number
  number_of "$1"
  if [ -n "$newer" ] && [ -n "$number" ] && [ "$newer" -lt "$number" ]; then
    finding missing "$1" "the system has only the older $others$why" \
      "run it on $built_on, or build it on this system"
  else
    finding missing "$1" "$1 is gone; the system has $others$why: must be built again against it" \
      "build it again on a system that has $other"
  fi
}

# optional_library STATUS FEATURE ELF SONAME…: any one of them will do; loaded while it runs.
optional_library() {
  status=$1 feature=$2 wanted=$3
  shift 3
  for soname in "$@"; do
    if find_library "$soname" "$wanted" ''; then
      finding ok "$soname" "$found (loaded while it runs: $feature)"
      return 0
    fi
  done
  remedy_for "$1" "$wanted" '' ''
  finding "$status" "$1" "none of the libraries that it loads while it runs ($feature): $*" "$remedy"
}

# --- The whole ---

main() {
  # Words are split, never names of files; bytes are bytes.
  set -fu
  LC_ALL=C
  export LC_ALL
  root='' quiet=no tsv=no
  while [ $# -gt 0 ]; do
    case $1 in
      --root)
        if [ $# -lt 2 ] || [ ! -d "$2" ]; then
          echo "verify: --root wants a folder" >&2
          return 2
        fi
        root=${2%/}
        shift
        ;;
      --quiet) quiet=yes ;;
      --tsv) tsv=yes ;;
      --help)
        usage
        return 0
        ;;
      *)
        usage >&2
        return 2
        ;;
    esac
    shift
  done
  tab=$(printf '\t')
  nl='
'
  for tool in od tr grep sed readlink; do
    command -v "$tool" >/dev/null && continue
    echo "verify: cannot tell: there is no program $tool here" >&2
    return 2
  done
  installed='' built_on='' built_family='' remedy=''
  read_cache
  read_configuration
  find_musl
  find_manager
  delivery
  if [ "$missing" -gt 0 ]; then verdict="$missing missing" status=1
  elif [ "$unknown" -gt 0 ]; then verdict="cannot tell of $unknown" status=2
  else verdict='all that the compiled files need is there' status=0; fi
  [ "$tsv" = yes ] || printf '%s\n' "$verdict"
  return "$status"
}
