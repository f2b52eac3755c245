# The helper's dependencies as derivations, one per package, straight from package-lock.json:
# Nix itself downloads each and checks the hash that the lock file gives. So no npm runs, nothing
# of a package runs, there is no hash to keep up to date by hand, and a changed dependency is the
# only one fetched again.
{
  # From ./registry.nix.
  registry,
  # `cpu`: npm's name of the processor.
  platform,
}: let
  lock = (builtins.fromJSON (builtins.readFile (import ./released.nix).lock)).packages;
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
    && builtins.elem platform.cpu (entry.cpu or [platform.cpu]);

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

  fetchPackage = import ./fetch.nix {inherit registry;};

  # The archive of the package at `path` of the lock file.
  fetch = path: let
    entry = lock.${path} or (throw "nix-voyager: package-lock.json has no ${path}: run `npm install`");
  in
    fetchPackage {
      name = entry.name or (nameOf path);
      inherit (entry) version integrity;
    };
in {
  # Version of the Node that is carried.
  nodeVersion = lock."node_modules/node-linux-${platform.cpu}".version;
  # What the bundle is made of: a list of { path; archive; }, `path` below node_modules.
  production =
    map (item: {
      path = builtins.substring (builtins.stringLength "node_modules/") (-1) item.key;
      archive = fetch item.key;
    })
    closure;
  # The archive that carries Node for this platform.
  node = fetch "node_modules/node-linux-${platform.cpu}";
}
