# The `override` of a result: makes it anew with a set of arguments in place of those given, or with
# what a function makes of these.
#
# make:  the function that made the result.
# given: the arguments that it was given, before defaults are filled in.
# new:   the set, or the function from `given` to it.
make: given: new:
make (given
  // (
    if builtins.isFunction new
    then new given
    else new
  ))
