# A folder of builders/ in the store: its scripts and the needs pinned beside them only, so that
# editing a README or a test rebuilds nothing, nor does what running Python there leaves behind.
name:
builtins.path {
  name = "voyager-${name}";
  path = ../../builders + "/${name}";
  filter = file: type: let
    base = baseNameOf file;
    isTest = builtins.match "test_.*|tests?" base != null;
  in
    !isTest
    && (
      if type == "directory"
      then base != "__pycache__"
      else builtins.match ".*\\.(sh|py|txt)" base != null
    );
}
