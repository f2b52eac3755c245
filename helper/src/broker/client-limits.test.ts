import { ClientLimits } from "./client-limits.ts";

test("connections that are open are counted for each user", () => {
  const limits = new ClientLimits(2, 1000);
  const leave = limits.enter(1);
  limits.enter(1);
  expect(() => limits.enter(1)).toThrow("2 connections are open");
  limits.enter(2);
  leave();
  limits.enter(1);
});

test("requests are counted in time, with a reserve of two seconds", () => {
  let now = 0;
  const limits = new ClientLimits(1000, 5, () => now);
  for (let count = 0; count < 10; count++) limits.enter(1)();
  expect(() => limits.enter(1)).toThrow("more than 5 requests in a second");
  limits.enter(2)();
  now = 400;
  limits.enter(1)();
  limits.enter(1)();
  expect(() => limits.enter(1)).toThrow("more than 5 requests");
});
