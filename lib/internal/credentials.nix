# Whether an address holds a user name or password, which must not get into the world-readable
# store.
address: builtins.match "[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*@.*" address != null
