# The derivation behind every builder: checked arguments → spec → derivation.
{
  # From helper/default.nix; only `command` is read here.
  helper,
  # The platform that builds, as Nix names it.
  nixSystem,
}: let
  inherit (builtins) attrNames attrValues concatMap elem filter head mapAttrs tail;

  archive = import ./archive.nix;
  layersOf = import ./layers.nix;
  limits = import ./limits.nix;
  specVersion = import ./spec-version.nix;
  store = import ./store.nix;

  stage = import ./folder.nix "build";
  builder = head helper.command;
  builderArgs = tail helper.command ++ ["build"];

  # Set by the helper; another value would break the build in ways that are hard to see.
  reserved = ["src" "patches" "HOME" "PATH" "TMPDIR" "NIX_BUILD_CORES"];

  checkEnvironment = function: outputs: env: let
    clashes = filter (name: elem name reserved || elem name outputs || builtins.match "VOYAGER_.*" name != null) (attrNames env);
  in
    if env == {} || clashes == []
    then env
    else throw "${function}: argument 'env' sets '${head clashes}', which the build itself sets; choose another name";

  checkProducts = function: outputs: products: let
    bad = filter (product: !(elem product.output outputs)) products;
  in
    if bad == []
    then products
    else throw "${function}: argument 'hydraProducts' names the output '${(head bad).output}'; outputs are: ${builtins.concatStringsSep ", " outputs}";

  # Packages that the source itself asks for.
  unpacking = packages: src: patches: let
    unpacker =
      if src == null
      then null
      else archive src;
  in
    (
      if unpacker == null
      then []
      else packages.unpack.${unpacker}
    )
    ++ (
      if patches == []
      then []
      else packages.patch
    );
in
  # function:  the public function, for messages.
  # kind:      kind of build, for the log.
  # rebuild:   args -> the public function's result, for `override`.
  # given:     the arguments as the user gave them, for `override`.
  # layers:    packages that this kind of build always needs, as the first layers.
  # env:       variables of the builder itself.
  # result, network, impureEnv, fixed: as in the spec; fixed: attributes of a fixed-output derivation.
  {
    function,
    kind,
    rebuild,
    given,
    layers ? [],
    env ? {},
    result ? "directory",
    network ? false,
    impureEnv ? [],
    fixed ? {},
  }: args: let
    inherit (args) outputs system;
    name = store.safeName "${args.pname}-${args.version}";
    src =
      if args.src == null
      then null
      else store.source args.src;
    patches = map store.file args.patches;
    path = map store.file args.nixDependencies;
    variables = mapAttrs (_: store.variable) (checkEnvironment function outputs args.env) // env;
    environment = {
      layers = layersOf (layers ++ [(args.systemBuildDependencies ++ unpacking system.packages src patches)]);
      maxAge = args.environment.maxAge or 86400;
    };

    voyager = {
      version = specVersion;
      inherit name kind src patches environment path result impureEnv network;
      system = system.spec;
      stage = "${stage}/stage.sh";
      inherit (args) buildScript systemRunDependencies transfer;
      env = variables;
      limits = limits.toSpec args.limits;
      products = checkProducts function outputs (map (product: {output = "out";} // product) args.hydraProducts);
    };

    drv = derivation ({
        inherit name builder outputs voyager;
        args = builderArgs;
        system = nixSystem;
        __structuredAttrs = true;
        requiredSystemFeatures = ["docker"];
        exportReferencesGraph.closure = store.unique (
          [stage]
          ++ concatMap store.references (
            (
              if src == null
              then []
              else [src]
            )
            ++ patches
            ++ path
            ++ [args.buildScript]
            ++ attrValues variables
          )
        );
      }
      // fixed);
  in
    args.passthru
    // drv
    // {
      inherit (args) pname version passthru;
      inherit environment;
      # Not `system`: Nix and Hydra read that as the platform and refuse a set.
      voyagerSystem = system;
      linkage = "${drv}/nix-support/linkage.json";
      meta = {description = "${args.pname} ${args.version}, built for ${system.name}";} // args.meta;
      override = new:
        rebuild (given
          // (
            if builtins.isFunction new
            then new given
            else new
          ));
    }
