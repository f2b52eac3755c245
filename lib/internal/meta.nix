# `meta` of a derivation: what Nix and Hydra read in it, and what a build says of itself.
let
  types = import ./types.nix;

  # As Hydra shows them: text, or sets of which it shows one key; several are a list.
  named = key: let
    one = types.either types.nonEmptyString (types.setWith key);
  in
    types.either one (types.listOf one);

  # Seconds by which Hydra's limit is longer than the build's own, so that it is the build that ends,
  # with a message that says why.
  grace = 60;
  # Seconds of silence that Hydra allows where nobody says more.
  hydraSilence = 7200;
in {
  # The keys that are read, and what they must be: Hydra passes over what it does not expect, without
  # a word. Others may hold anything.
  fields = {
    description = types.nonEmptyString;
    longDescription = types.nonEmptyString;
    homepage = types.nonEmptyString;
    license = named "shortName";
    maintainers = types.listOf (types.either types.nonEmptyString (types.setWith "email"));
    platforms = types.listOf (types.either types.nonEmptyString types.attrs);
    mainProgram = types.nonEmptyString;
    timeout = types.seconds;
    maxSilent = types.seconds;
    schedulingPriority = types.unsigned;
    isHydraChannel = types.bool;
  };

  # What the build of these arguments on this platform says of itself; what its `meta` says comes first.
  of = nixSystem: args:
    {
      description = "${args.pname} ${args.version}, built for ${args.system.name}";
      platforms = [nixSystem];
    }
    // (
      if args.timeout == null
      then {}
      else {timeout = args.timeout + grace;}
    )
    // (
      # A shorter one is not told: Hydra counts silence while an environment is made, too, and the
      # build does not.
      if args.silenceTimeout == null || args.silenceTimeout + grace <= hydraSilence
      then {}
      else {maxSilent = args.silenceTimeout + grace;}
    )
    // args.meta;
}
