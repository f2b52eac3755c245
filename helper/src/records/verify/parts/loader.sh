# shellcheck shell=sh disable=SC2034,SC2154 # variables of the other parts
# Where the target's loader looks.

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
