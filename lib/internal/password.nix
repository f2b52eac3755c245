# Whether a text has an address with a password in it. One that the shell is to fill in is none.
text: builtins.length (builtins.split "://[^/@:$[:space:]]*:[^/@$[:space:]]+@" text) > 1
