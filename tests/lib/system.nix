# mkSystem.
{
  build,
  lib,
  ...
}: let
  inherit (lib) mkSystem;
  repository = {
    name = "company";
    uri = "https://example.org/debian";
    suites = ["./"];
  };
  make = args:
    (mkSystem ({
        name = "test";
        image = "example:1";
      }
      // args))
    .spec;
  fails = error: args: {
    inherit error;
    value = builtins.toJSON (make args);
  };
  named = name: path: builtins.match ".*/[0-9a-z]{32}-${name}" path != null;
  inputs = drv: builtins.attrNames (builtins.getContext (builtins.toJSON drv.voyager));
in {
  "an image by its tag" = {
    value = make {};
    expected = {
      name = "test";
      image = {
        reference = "example:1";
        bootstrap = null;
      };
      packageManager = "apt";
      repositories = [];
      certificates = [];
      proxy = null;
      setup = "";
      keepPackages = true;
    };
  };
  "debian12 can be pulled or made" = {
    value = lib.systems.debian12.spec.image;
    expected = {
      reference = "debian:12";
      bootstrap = {
        tool = "mmdebstrap";
        suite = "bookworm";
        components = ["main"];
        mirror = null;
        include = [];
      };
    };
  };
  "a key by its name, and as a file" = {
    value =
      map (repository: named "company.asc" repository.key)
      (make {
        keys.company = ./files/company.asc;
        repositories = [
          (repository // {key = "company";})
          (repository // {key = ./files/company.asc;})
        ];
      })
      .repositories;
    expected = [true true];
  };
  "a repository without key and components" = {
    value = (make {repositories = [repository];}).repositories;
    expected = [
      (repository
        // {
          components = [];
          key = null;
        })
    ];
  };
  "a certificate is copied under a name that the store takes" = {
    value = map (named "company-ca.pem") (make {certificates = [(./files + "/company ca.pem")];}).certificates;
    expected = [true];
  };
  "a proxy in part" = {
    value = (make {proxy.https = "http://proxy.example.org:3128";}).proxy;
    expected = {
      http = null;
      https = "http://proxy.example.org:3128";
      noProxy = null;
    };
  };
  "keys and certificates are inputs of the build, outside its closure" = {
    value = let
      drv = build {
        system = lib.systems.debian12.override {
          repositories = [(repository // {key = ./files/company.asc;})];
          certificates = [(./files + "/company ca.pem")];
        };
      };
      seen = builtins.filter (path: builtins.match ".*company.*" path != null);
    in [
      (builtins.length (seen (inputs drv)))
      (builtins.length (seen drv.exportReferencesGraph.closure))
    ];
    expected = [2 0];
  };
  "an override keeps the rest" = {
    value = let
      system = lib.systems.debian12.override {setup = "true";};
    in [system.name system.spec.setup system.spec.image.reference];
    expected = ["debian12" "true" "debian:12"];
  };
  "a key that is not among keys" = fails "mkSystem: the key 'compny' of repository 'company' is not in 'keys' (known: company)" {
    keys.company = ./files/company.asc;
    repositories = [(repository // {key = "compny";})];
  };
  "an unknown key of a repository" = fails "mkSystem: unknown key in element 1 of argument 'repositories': 'url'; did you mean 'uri'? Known: components, key, name, suites, uri" {
    repositories = [{url = "x";}];
  };
  "an unknown key of an image" = fails "mkSystem: unknown key in argument 'image': 'refrence'; did you mean 'reference'? Known: bootstrap, reference" {
    image = {refrence = "x";};
  };
  "an image with neither" = fails "mkSystem: argument 'image' needs 'reference' or 'bootstrap'" {image = {};};
  "an image that is a number" = fails "mkSystem: argument 'image' must be a non-empty string, or a set with the keys bootstrap, reference, got the integer 12" {
    image = 12;
  };
  "a proxy with a password: the message does not show it" = fails "in argument 'proxy' must be an address without user name and password, which everyone could read in the Nix store\n" {
    proxy.http = "http://user:secret@proxy.example.org:3128";
  };
  "a repository with a token" = fails "must be an address without user name and password" {
    repositories = [(repository // {uri = "https://token@example.org/debian";})];
  };
  "a mirror with a password" = fails "must be a text without an address that has a password in it" {
    image.bootstrap = {
      suite = "bookworm";
      mirror = "deb https://user:secret@example.org/debian bookworm main";
    };
  };
  "a set-up with a password: the message does not show it" = fails "argument 'setup' must be a text without an address that has a password in it, which everyone could read in the Nix store\n" {
    setup = "echo machine\ncurl https://user:secret@example.org/setup | sh";
  };
  "a set-up whose password the shell fills in" = {
    value = (make {setup = "curl https://user:$password@example.org/ https://a.b/@c:d";}).setup;
    expected = "curl https://user:$password@example.org/ https://a.b/@c:d";
  };
  "a package manager that is not known" =
    fails "mkSystem: argument 'packageManager' must be one of 'apt', got the string 'dnf'" {packageManager = "dnf";};
  "a name that an image cannot have" =
    fails "mkSystem: argument 'name' must be a short name of lower-case letters" {name = "Debian 12";};
}
