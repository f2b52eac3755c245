import { formatTable } from "./table.ts";

test("columns are aligned, and nothing is padded at the end", () => {
  expect(
    formatTable(
      ["image", "age", ""],
      [
        ["debian12", "3 h", ""],
        ["x", "2 days", "in use"],
      ],
    ),
  ).toBe("image     age\ndebian12  3 h\nx         2 days  in use\n");
});

test("a table without rows is its header", () => {
  expect(formatTable(["a", "b"], [])).toBe("a  b\n");
});
