# shellcheck shell=sh disable=SC2034,SC2154 # variables of the other parts
# What the delivery says that it needs.

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
# Its package may still be too old for symbols that versions do not tell apart: then the package's own
# word counts, as for the package manager, which would not install the one without the other.
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
      finding missing "$soname" "$text" "$remedy"
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
