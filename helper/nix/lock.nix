# What the helper needs of package-lock.json, for one platform: which packages, of what version and hash.
# ./resolved has the answers beforehand, as Nix takes a tenth of a `nix-build` with nothing to do to read the
# whole file; see ./packages.nix.
{
  # The lock file.
  lockFile,
  # npm's name of the processor: "x64".
  cpu,
}: let
  lock = (builtins.fromJSON (builtins.readFile lockFile)).packages;
  leftOut = builtins.fromJSON (builtins.readFile ../bundle/left-out.json);

  # "node_modules/a/node_modules/@b/c" -> "@b/c"
  nameOf = path: builtins.elemAt (builtins.match "(.*/)?node_modules/((@[^/]+/)?[^/]+)" path) 1;

  # Where npm put the package `name` that the package at `path` asks for: Node's own rule, the
  # nearest node_modules upwards. null: it is not installed (an optional one).
  resolve = path: name: let
    here =
      if path == ""
      then "node_modules/${name}"
      else "${path}/node_modules/${name}";
    up = builtins.match "((.*)/)?node_modules/(@[^/]+/)?[^/]+" path;
    above = builtins.elemAt up 1;
  in
    if lock ? ${here}
    then here
    else if path == ""
    then null
    else
      resolve (
        if above == null
        then ""
        else above
      )
      name;

  isForPlatform = entry:
    builtins.elem "linux" (entry.os or ["linux"])
    && builtins.elem cpu (entry.cpu or [cpu]);

  # The paths of what the package at `path` needs. Peers that npm installed for some other
  # package are not among them.
  needs = path: let
    entry = lock.${path};
    names = builtins.attrNames ((entry.dependencies or {}) // (entry.optionalDependencies or {}));
    wanted = builtins.filter (name: !builtins.elem name leftOut && builtins.match "node-linux-.*" name == null) names;
    found = builtins.filter (needed: needed != null) (map (resolve path) wanted);
  in
    builtins.filter (needed: isForPlatform lock.${needed}) found;

  closure = builtins.genericClosure {
    startSet = map (key: {inherit key;}) (needs "");
    operator = item: map (key: {inherit key;}) (needs item.key);
  };

  package = path: let
    entry = lock.${path} or (throw "nix-voyager: package-lock.json has no ${path}: run `npm install`");
  in {
    # Below node_modules.
    path = builtins.substring (builtins.stringLength "node_modules/") (-1) path;
    name = entry.name or (nameOf path);
    inherit (entry) version integrity;
  };
in {
  # The packages that the bundle is made of.
  production = map (item: package item.key) closure;
  # The package that carries Node for this platform.
  node = package "node_modules/node-linux-${cpu}";
}
