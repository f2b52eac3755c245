# Wires the library: what is public, and what each file needs of the others.
{
  # From helper/default.nix: `command` and `node`, the argument lists that start the helper and Node.
  helper,
  # The platform that builds, as Nix names it.
  nixSystem,
  # CA bundle for downloads: a path or store path; null: what the machine's settings say.
  certificates ? null,
}: let
  types = import ./internal/types.nix;
  limits = import ./internal/limits.nix;
  build = import ./internal/build.nix {inherit helper nixSystem;};
  run = command: import ./internal/run.nix {inherit command nixSystem;};
  runHelper = run helper.command;
  runNode = run helper.node;
  debianLike = import ./internal/debian-like.nix {mkSystem = mkSystem.function;};

  mkAggregate = import ./mkAggregate.nix {inherit runHelper types;};
  mkChannel = import ./mkChannel.nix {inherit runHelper types;};
  mkDockerBuild = import ./mkDockerBuild.nix {inherit build limits types;};
  mkDockerTest = import ./mkDockerTest.nix {inherit build mkDockerBuild types;};
  mkDockerWheel = import ./mkDockerWheel.nix {inherit build mkDockerBuild types;};
  mkDockerWheels = import ./mkDockerWheels.nix {inherit fetchRequirements mkDockerWheel types;};
  mkDockerVirtualenv = import ./mkDockerVirtualenv.nix {inherit build mkDockerBuild types;};
  mkSystem = import ./mkSystem.nix {inherit types;};
  fetchPypi = import ./fetchPypi.nix {inherit build certificates systems types;};
  fetchRequirements = import ./fetchRequirements.nix {inherit fetchPypi runNode types;};

  systems = {
    debian11 = import ./systems/debian11.nix debianLike;
    debian12 = import ./systems/debian12.nix debianLike;
    debian13 = import ./systems/debian13.nix debianLike;
    ubuntu2204 = import ./systems/ubuntu2204.nix debianLike;
    ubuntu2404 = import ./systems/ubuntu2404.nix debianLike;
  };
in {
  mkAggregate = mkAggregate.function;
  mkChannel = mkChannel.function;
  mkDockerBuild = mkDockerBuild.function;
  mkDockerTest = mkDockerTest.function;
  mkDockerWheel = mkDockerWheel.function;
  mkDockerWheels = mkDockerWheels.function;
  mkDockerVirtualenv = mkDockerVirtualenv.function;
  mkSystem = mkSystem.function;
  fetchPypi = fetchPypi.function;
  fetchRequirements = fetchRequirements.function;
  inherit systems;
}
