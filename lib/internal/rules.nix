# Names of the linkage rules, as helper/src/spec/rules.ts has them.
["architecture" "bundled" "nix-store" "run-dependencies" "static" "unowned" "unreadable" "unresolved"]
