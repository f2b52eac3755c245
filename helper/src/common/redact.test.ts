import { redactor } from "./redact.ts";

test("name and password of an address, in each form that a program may print", () => {
  const redact = redactor(["https://user:p%40ssword@example.org/simple"]);
  expect(redact?.("GET https://user:p%40ssword@example.org/simple")).toBe(
    "GET https://***@example.org/simple",
  );
  expect(redact?.("login user, password p@ssword")).toBe("login user, password ***");
  expect(redact?.("by user:p@ssword")).toBe("by ***");
});

test("a token in the place of the name", () => {
  expect(redactor(["http://token123@example.org"])?.("token123 is refused")).toBe("*** is refused");
});

test("several addresses in one variable", () => {
  const redact = redactor(["https://a:secret-1@x https://b:secret-2@y", "direct"]);
  expect(redact?.("secret-1 secret-2 direct")).toBe("*** *** direct");
});

test.each([
  "https://example.org/simple",
  "",
  "localhost,127.0.0.1",
  "https://example.org/@scope",
  "http://a:b@c",
])("nothing to hide, or nothing that could be told from other text: '%s'", (value) => {
  const redact = redactor([value]);
  expect(redact?.("a b c example.org") ?? "a b c example.org").toBe("a b c example.org");
});

test("a value that is no URL escape", () => {
  expect(redactor(["http://user:100%secret@x"])?.("100%secret")).toBe("***");
});
