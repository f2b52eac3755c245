# prepare: everything that both commands need, in order. What is there already stays as it is.
prepare() {
  one_at_a_time
  heading "What this machine has"
  look_for_nix
  look_for_engine
  look_for_bootstrap
  if [ -n "$wanted_packages" ]; then
    heading "What is missing"
    install_wanted
  fi
  heading "Nix"
  prepare_nix
  prepare_registry
  heading "Engine"
  prepare_engine
}

# look_for_bootstrap: what makes the base image where no image registry answers.
look_for_bootstrap() {
  if command -v mmdebstrap >/dev/null 2>&1; then
    found "mmdebstrap"
  else
    want mmdebstrap "it makes the base image where no image registry answers"
  fi
}
