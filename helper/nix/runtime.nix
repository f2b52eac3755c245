# The embedded runtime: `bin/node`, and in `lib/` the dynamic linker and C library that start it
# where there is neither: in the Nix sandbox.
{
  # Given by the user (see ../default.nix), or null.
  runtime,
  # From ./packages.nix.
  packages,
  # `loader`, `triplet`: names of the dynamic linker and of Debian's library folder.
  platform,
  # The platform that it is for, as Nix names it.
  nixSystem,
}: let
  # A symlink and what it points to both match, whichever of them the distribution's glibc uses.
  isWanted = name:
    name
    == platform.loader
    || builtins.match "(ld-[0-9.]+\\.so|lib(c|m|dl|pthread|rt|resolv|nss_dns|nss_files)(-[0-9.]+\\.so|\\.so\\.[0-9]+)|libstdc\\+\\+\\.so\\.6(\\.[0-9.]+)?|libgcc_s(-[0-9.]+-[0-9]+)?\\.so\\.1|libgcc_s-[0-9.]+-[0-9]+\\.so\\.1)" name != null;

  folders = builtins.filter (folder: builtins.pathExists (/. + folder)) [
    "/usr/lib/${platform.triplet}"
    "/lib/${platform.triplet}"
    "/usr/lib64"
    "/lib64"
  ];
  holds = name: folder: builtins.pathExists (/. + "${folder}/${name}");
  # Debian before 12 may have the C library in /lib and the compiler's in /usr/lib.
  folderOf = name: let
    found = builtins.filter (holds name) folders;
  in
    if found == []
    then
      throw ''
        nix-voyager: this machine's ${name} cannot be read, and the embedded runtime needs it.
        On NixOS, or in a pure or restricted evaluation, give `pkgs` (to take Node from nixpkgs) or `runtime`.''
    else builtins.head found;
  copy = folder:
    builtins.path {
      name = "nix-voyager-c-library";
      path = /. + folder;
      # Nothing below the folder itself is looked at.
      filter = file: type: type != "directory" && isWanted (baseNameOf file);
    };
  libraryFolders = builtins.attrNames (builtins.listToAttrs (map (name: {
    name = folderOf name;
    value = null;
  }) ["libc.so.6" "libstdc++.so.6" "libgcc_s.so.1"]));
  libraries = map copy libraryFolders;
  # The dynamic linker lies beside the C library.
  cLibrary = copy (folderOf "libc.so.6");

  node = derivation {
    name = "nix-voyager-node-archive";
    system = nixSystem;
    builder = "builtin:unpack-channel";
    channelName = "package";
    src = packages.node;
    preferLocalBuild = true;
  };

  # The one that the machine's set-up has kept, if it has the Node that we want: so a C library
  # that is patched does not change every derivation.
  madeName = "nix-voyager-runtime-${packages.nodeVersion}";
  kept = /etc/nix-voyager/runtime;
  isKept =
    builtins.pathExists kept
    && builtins.match ".*-${builtins.replaceStrings ["."] ["\\."] madeName}" (builtins.storePath kept) != null;

  # libraries: folders; loader, node: files. What it is made of also makes it.
  assemble = {
    name,
    libraries,
    loader,
    node,
  }:
    derivation {
      inherit name libraries node;
      system = nixSystem;
      builder = loader;
      args = ["--library-path" (builtins.concatStringsSep ":" libraries) node ./assemble-runtime.mjs];
      __structuredAttrs = true;
      preferLocalBuild = true;
    };

  made = assemble {
    name = madeName;
    inherit libraries;
    loader = "${cLibrary}/${platform.loader}";
    node = "${node}/package/bin/node";
  };

  isInStore = builtins.match "${builtins.storeDir}/.*" (toString runtime) != null;
  path =
    if runtime == null
    then
      if isKept
      then builtins.storePath kept
      else made
    else if builtins.isAttrs runtime || builtins.hasContext (toString runtime)
    then runtime
    else if isInStore
    # Unlike storePath, allowed in restricted evaluation too.
    then builtins.appendContext (toString runtime) {${toString runtime}.path = true;}
    else
      builtins.path {
        name = "nix-voyager-runtime";
        path = /. + toString runtime;
      };

  libraryFolder = "${path}/lib";
  loader = "${libraryFolder}/${platform.loader}";
  program = "${path}/bin/node";
in {
  # The runtime as a derivation: where only a path was given or kept, a copy of that.
  package =
    if path.type or null == "derivation"
    then path
    else
      assemble {
        name = "nix-voyager-runtime";
        libraries = [libraryFolder];
        inherit loader;
        node = program;
      };
  # The argument list that starts Node with it.
  command = [loader "--library-path" libraryFolder program];
}
