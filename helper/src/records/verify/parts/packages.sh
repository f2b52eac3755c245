# shellcheck shell=sh disable=SC2034,SC2154 # variables of the other parts
# Packages.

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
