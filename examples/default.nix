# One idea each; all of them are built in this project's own runs.
{voyager}: {
  bcrypt = import ./bcrypt {inherit voyager;};
  bcryptTest = import ./bcrypt-test {inherit voyager;};
  c-program = import ./c-program {inherit voyager;};
  cffi = import ./cffi {inherit voyager;};
  library = import ./library {inherit voyager;};
  web-application = import ./web-application {inherit voyager;};
}
