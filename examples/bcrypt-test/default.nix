# The bcrypt wheel, tested on the system that it is for: with its run-time packages, and neither the
# compiler nor the headers that built it.
{voyager}: let
  bcrypt = import ../bcrypt {inherit voyager;};
in
  voyager.lib.mkDockerTest {
    package = bcrypt;
    systemRunDependencies = ["python3-cffi-backend" "python3-pytest" "python3-six"];
    script = ''
      cat > test_bcrypt.py <<'END'
      import bcrypt

      def test_a_password_is_recognised():
          hashed = bcrypt.hashpw(b"secret", bcrypt.gensalt(4))
          assert bcrypt.checkpw(b"secret", hashed)
          assert not bcrypt.checkpw(b"other", hashed)

      def test_a_known_hash():
          salt = b"$2b$04$cVWp4XaNU8a4v1uMRum2SO"
          assert bcrypt.hashpw(b"Kk4DQuMMfZL9o", salt) == salt + b"026BWLIoQMD/TXg5uZV.0P.uO8m3YEm"
      END
      python3 -m pytest -p no:cacheprovider --junitxml="$junit"
    '';
  }
