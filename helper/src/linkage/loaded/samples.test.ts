import { parseSamples } from "./samples.ts";

test("programs and files mapped as code, by process", () => {
  const text = `/proc/1/exe -> /usr/bin/dash
/proc/20/exe -> /usr/bin/bash
/proc/20/maps: r-xp 00004000 00:3d 1935630                    /usr/bin/bash
/proc/20/maps: r-xp 00026000 00:3d 1942089                    /usr/lib/with space.so
/proc/20/exe -> /usr/bin/env
/proc/20/maps: r-xp 00001000 00:3d 1942071                    /memfd:libffi (deleted)
/proc/20/maps: r-xp 00001000 00:3d 1942071                    /tmp/ffiAbc (deleted)
/proc/20/maps: r-xp 00000000 00:05 1                          /dev/zero
/proc/21/maps: r-xp 00000000 00:05 1                          /usr/lib/x.so
half a li`;
  expect(parseSamples(text)).toEqual([
    {
      pid: 20,
      programs: new Set(["/usr/bin/bash", "/usr/bin/env"]),
      mapped: new Set(["/usr/bin/bash", "/usr/lib/with space.so"]),
    },
  ]);
});
