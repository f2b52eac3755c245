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
  policy = json.generate "broker.json" settings.policy;
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
    environment.etc."nix-voyager/broker.json".source = policy;
    # As setup/systemd/nix-voyager-broker.socket and .service, which say why; a test compares them.
    # It stays when the broker is started again: builds that come meanwhile wait.
    systemd.sockets.nix-voyager-broker = {
      description = "Where Nix builds ask for what they need of the container engine";
      wantedBy = ["sockets.target"];
      socketConfig = {
        ListenStream = "/run/nix-voyager/broker.sock";
        SocketGroup = "nixbld";
        SocketMode = "0660";
        Backlog = 1000;
      };
    };
    systemd.services.nix-voyager-broker = {
      description = "Gives Nix builds what they need of the container engine";
      after = ["docker.service" "nix-voyager-broker.socket"];
      requires = ["nix-voyager-broker.socket"];
      wants = ["docker.service"];
      wantedBy = ["multi-user.target"];
      # It reads its policy when it starts.
      restartTriggers = [policy];
      serviceConfig = {
        Type = "exec";
        ExecStartPre = "${pkgs.coreutils}/bin/install -m 0644 ${json.generate "engine.json" settings.settings} /run/nix-voyager/engine.json";
        ExecStart = "${settings.package}/bin/voyager --engine ${settings.engine} broker";
        KillMode = "mixed";
        KillSignal = "SIGTERM";
        TimeoutStopSec = "infinity";
        Restart = "on-failure";
        RestartSec = 1;
        RuntimeDirectory = "nix-voyager nix-voyager-broker";
        RuntimeDirectoryPreserve = "yes";
        CapabilityBoundingSet = "CAP_SYS_ADMIN CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_SYS_PTRACE";
        NoNewPrivileges = "yes";
        RestrictAddressFamilies = "AF_UNIX";
        RestrictRealtime = "yes";
        LockPersonality = "yes";
        MemoryMax = "1G";
        UMask = "0077";
      };
    };
  };
}
