# shellcheck shell=sh disable=SC2034,SC2154 # variables of the other parts
# Libraries that go by another number now.

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
