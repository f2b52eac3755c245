# NixOS: the broker as a service, and the settings of Nix that builds need. Import it, and
#   services.nix-voyager = { enable = true; package = nix-voyager.voyager; };
{
  config,
  lib,
  pkgs,
  ...
}: let
  inherit (lib) mkEnableOption mkIf mkOption types;
  settings = config.services.nix-voyager;
  json = pkgs.formats.json {};
in {
  options.services.nix-voyager = {
    enable = mkEnableOption "builds of nix-voyager on this machine";
    package = mkOption {
      type = types.package;
      description = "The `voyager` command: `(import <nix-voyager> { inherit pkgs; }).voyager`.";
    };
    engine = mkOption {
      type = types.str;
      default = "unix:///var/run/docker.sock";
      description = "Address of the container engine on this machine: unix:///path.";
    };
    policy = mkOption {
      inherit (json) type;
      default = {};
      description = "What builds may do: the content of broker.json, see docs/broker.md.";
    };
    settings = mkOption {
      inherit (json) type;
      default = {};
      description = "Settings of the engine: the content of engine.json, see docs/setup.md.";
    };
  };

  config = mkIf settings.enable {
    virtualisation.docker.enable = lib.mkDefault true;
    nix.settings = {
      sandbox = true;
      sandbox-fallback = false;
      extra-system-features = ["docker"];
      extra-sandbox-paths = ["/run/nix-voyager?"];
    };
    environment.etc."nix-voyager/broker.json".source = json.generate "broker.json" settings.policy;
    systemd = {
      tmpfiles.rules = ["C+ /run/nix-voyager/engine.json - - - - ${json.generate "engine.json" settings.settings}"];
      # It stays when the broker is started again: builds that come meanwhile wait.
      sockets.nix-voyager-broker = {
        description = "Where Nix builds ask for what they need of the container engine";
        wantedBy = ["sockets.target"];
        socketConfig = {
          ListenStream = "/run/nix-voyager/broker.sock";
          SocketGroup = "nixbld";
          SocketMode = "0660";
          Backlog = 1000;
        };
      };
      services.nix-voyager-broker = {
        description = "Gives Nix builds what they need of the container engine";
        after = ["docker.service" "nix-voyager-broker.socket"];
        requires = ["nix-voyager-broker.socket"];
        wants = ["docker.service"];
        wantedBy = ["multi-user.target"];
        serviceConfig = {
          ExecStart = "${settings.package}/bin/voyager --engine ${settings.engine} broker";
          # A restart waits for the builds that run.
          KillMode = "mixed";
          TimeoutStopSec = "infinity";
          Restart = "on-failure";
          RuntimeDirectory = "nix-voyager nix-voyager-broker";
          RuntimeDirectoryPreserve = true;
          # It mounts folders where the engine sees them: no mounts of its own.
          CapabilityBoundingSet = "CAP_SYS_ADMIN CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_SYS_PTRACE";
          NoNewPrivileges = true;
          RestrictAddressFamilies = "AF_UNIX";
          RestrictRealtime = true;
          LockPersonality = true;
          MemoryMax = "1G";
          UMask = "0077";
        };
      };
    };
  };
}
