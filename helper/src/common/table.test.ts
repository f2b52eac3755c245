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

test("a table that must fit cuts the widest cells only", () => {
  const table = formatTable(["name", "where"], [["short", `/a/very/long/path${"/x".repeat(50)}/end.so`]], 30);
  expect(table).toBe("name   where\nshort  /a/very/…x/x/x/x/end.so\n");
  for (const line of table.split("\n")) expect(line.length).toBeLessThanOrEqual(30);
});
