# What people read: headings, findings, deeds and failures.

# A step begins.
heading() { printf '\n== %s\n' "$*"; }

# Something was there already and is used as it is.
found() { printf '   found   %s\n' "$*"; }

# Something is about to be done to the machine. Always said before it is done.
doing() { printf '   doing   %s\n' "$*"; }

# Something to know that changes nothing.
note() { printf '   note    %s\n' "$*"; }

# fail WHAT WHY REMEDY: says all three and ends the command.
fail() {
  printf '\nError: %s\n  why:    %s\n  remedy: %s\n' "$1" "$2" "$3" >&2
  exit 1
}
