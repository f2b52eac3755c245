# Version of the spec that this library writes; helper/src/spec/spec.ts reads the same one.
1
