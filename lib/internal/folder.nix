# A folder of builders/ in the store: its scripts only, so that editing a README or a
# test rebuilds nothing.
name:
builtins.path {
  name = "voyager-${name}";
  path = ../../builders + "/${name}";
  filter = file: type:
    type == "regular"
    && builtins.match ".*\\.(sh|py)" file != null
    && builtins.match "test_.*" (baseNameOf file) == null;
}
