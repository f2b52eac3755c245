import { AtOnce, Rate } from "./client-limits.ts";

test("what is there at once is counted for each user", () => {
  const limits = new AtOnce(2, "connections");
  const leave = limits.enter(1);
  limits.enter(1);
  expect(() => limits.enter(1)).toThrow("it has 2 connections already, as many as the policy allows a build");
  limits.enter(2);
  leave();
  leave(); // a second time: nothing
  limits.enter(1);
  expect(() => limits.enter(1)).toThrow("2 connections");
});

test("requests are counted in time, with a reserve of two seconds", () => {
  let now = 0;
  const rate = new Rate(5, () => now);
  for (let count = 0; count < 10; count++) rate.take(1);
  expect(() => rate.take(1)).toThrow("more often than 5 times in a second");
  rate.take(2);
  now = 400;
  rate.take(1);
  rate.take(1);
  expect(() => rate.take(1)).toThrow("more often than 5 times");
});
