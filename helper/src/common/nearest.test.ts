import { editDistance, nearest } from "./nearest.ts";

test("the nearest names come first", () => {
  expect(nearest("libffi-devv", ["libffi-dev", "libffi8", "gcc"])).toEqual(["libffi-dev"]);
  expect(editDistance("kitten", "sitting")).toBe(3);
});
