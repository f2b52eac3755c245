# The derivation behind every builder: checked arguments → spec → derivation.
{
  # From helper/default.nix; only `command` is read here.
  helper,
  # The platform that builds, as Nix names it.
  nixSystem,
}: let
  inherit (builtins) attrNames attrValues concatMap elem filter head mapAttrs substring tail;

  archive = import ./archive.nix;
  layersOf = import ./layers.nix;
  limits = import ./limits.nix;
  lockOf = import ./lock.nix;
  meta = import ./meta.nix;
  override = import ./override.nix;
  specVersion = import ./spec-version.nix;
  store = import ./store.nix;

  stage = import ./folder.nix "build";
  program = head helper.command;
  programArgs = tail helper.command ++ ["build"];

  optional = condition: value:
    if condition
    then [value]
    else [];

  # Set by the helper; another value would break the build in ways that are hard to see.
  reserved = ["src" "patches" "HOME" "PATH" "TMPDIR" "NIX_BUILD_CORES"];

  # Variables whose passwords are somebody's: those of a server that a test starts are not.
  addresses = builtins.groupBy (name: name) (map (proxy: "${proxy}_proxy") ["http" "https" "all"] ++ ["HTTP_PROXY" "HTTPS_PROXY" "ALL_PROXY" "PIP_INDEX_URL" "PIP_EXTRA_INDEX_URL"]);

  credentials = import ./credentials.nix;
  password = import ./password.nix;
  hasPassword = value: builtins.isString value && (credentials value || password value);

  checkEnvironment = function: taken: env: let
    isTaken = name: elem name reserved || elem name taken || substring 0 8 name == "VOYAGER_";
    clashes = filter isTaken (attrNames env);
    secret = filter (name: hasPassword env.${name}) (attrNames (builtins.intersectAttrs addresses env));
  in
    if env == {} || (clashes == [] && secret == [])
    then env
    else if clashes == []
    then throw "${function}: argument 'env' gives '${head secret}' an address with user name or password, which everyone could read in the Nix store; what needs it is to be fetched beforehand, by a fixed-output derivation that takes it from Nix's own environment (impureEnvVars)"
    else throw "${function}: argument 'env' sets '${head clashes}', which the build itself sets; choose another name";

  checkProducts = function: outputs: products: let
    bad = filter (product: !(elem product.output outputs)) products;
  in
    if bad == []
    then products
    else throw "${function}: argument 'hydraProducts' names the output '${(head bad).output}'; outputs are: ${builtins.concatStringsSep ", " outputs}";

  # As the spec has it: what is not given is null, and matches anything.
  allowance = given:
    {
      soname = null;
      file = null;
      rule = null;
    }
    // given;

  # Where the report will be; what is one file, as a download, has none, nor has a test.
  linkage = voyager: drv:
    if voyager.result == "directory" && voyager.test == null
    then {linkage = "${drv.outPath}/nix-support/linkage.json";}
    else {};

  # Packages that the source itself asks for.
  unpacking = packages: src: patches: let
    unpacker =
      if src == null
      then null
      else archive src;
    unpack =
      if unpacker == null
      then []
      else packages.unpack.${unpacker};
  in
    if patches == []
    then unpack
    else unpack ++ packages.patch;

  # The system lock of a build that asks for these layers of packages.
  lockFor = function: args: layers:
    lockOf {
      inherit function layers;
      inherit (args) system;
      given = args.systemLock or null;
    };

  # What the helper reads, see helper/src/spec/spec.ts.
  specOf = {
    function,
    kind,
    layers ? [],
    env ? {},
    settings ? {},
    result ? "directory",
    network ? false,
    impureEnv ? [],
    test ? null,
    buildScript ? null,
    products ? null,
    ...
  }: args: let
    src =
      if args.src == null
      then null
      else store.source args.src;
    patches = map store.file args.patches;
    own = args.systemBuildDependencies ++ unpacking args.system.packages src patches;
    allLayers = layersOf (layers ++ [own]);
  in {
    version = specVersion;
    name = store.safeName "${args.pname}-${args.version}";
    package = {
      name = args.pname;
      inherit (args) version;
    };
    inherit kind src patches settings result impureEnv network test;
    inherit (args) systemRunDependencies transfer timeout silenceTimeout;
    system = args.system.spec;
    environment = {
      layers = allLayers;
      maxAge = args.environment.maxAge or 86400;
      lock =
        if args.systemLock or null == null
        then null
        else (lockFor function args allLayers).spec;
    };
    stage = "${stage}/stage.sh";
    buildScript =
      if buildScript == null
      then args.buildScript
      else buildScript;
    env = mapAttrs (_: store.variable) (checkEnvironment function (args.outputs ++ attrNames env) args.env) // env;
    path = map store.file args.nixDependencies;
    limits = limits.toSpec args.limits;
    linkage.allow = map allowance (args.linkage.allow or []);
    products =
      if products == null
      then checkProducts function args.outputs (map (product: {output = "out";} // product) args.hydraProducts)
      else products;
  };

  # What the container may see. The script of a builder speaks of nothing but the builder and its
  # settings of nothing but the inputs, so they are not searched: that costs more than the rest.
  closureOf = builder: inputs: spec:
    store.unique (
      [stage]
      ++ optional (builder != null) builder
      ++ concatMap store.references (
        inputs
        ++ optional (spec.src != null) spec.src
        ++ spec.patches
        ++ spec.path
        ++ optional (builder == null) spec.buildScript
        ++ attrValues spec.env
      )
    );
in
  # function:  the public function, for messages.
  # kind:      kind of build, for the log.
  # rebuild:   args -> the public function's result, for `override`.
  # given:     the arguments as the user gave them, for `override`.
  # layers:    packages that this kind of build always needs, as the first layers.
  # builder:   the builder's folder in the store; where it is given, buildScript is its own and is not searched
  #            for store paths.
  # buildScript, products: in place of the arguments `buildScript` and `hydraProducts`.
  # env:       variables of the builder itself.
  # settings:  more of them, sets or lists that it gets as JSON.
  # inputs:    texts with all store paths that the settings speak of.
  # fixed:     attributes of a fixed-output derivation.
  # result, network, impureEnv, test: as in the spec.
  kind @ {
    rebuild,
    given,
    builder ? null,
    inputs ? [],
    fixed ? {},
    ...
  }: args: let
    voyager = specOf kind args;
    drv = derivation ({
        inherit (voyager) name;
        inherit (args) outputs;
        inherit voyager;
        builder = program;
        args = programArgs;
        system = nixSystem;
        __structuredAttrs = true;
        requiredSystemFeatures = ["docker"];
        exportReferencesGraph.closure = closureOf builder inputs voyager;
      }
      // fixed);
  in
    args.passthru
    // drv
    // (linkage voyager drv
      // {
        inherit (args) pname version src passthru;
        inherit (voyager) environment;
        systemLock = (lockFor kind.function args voyager.environment.layers).request;
        # Not `system`: Nix and Hydra read that as the platform and refuse a set.
        voyagerSystem = args.system;
        meta = meta.of nixSystem args;
        override = override rebuild given;
      })
