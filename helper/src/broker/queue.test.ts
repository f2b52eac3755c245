import { type Place, Queue } from "./queue.ts";

const never = new AbortController().signal;
/** Notes who got a place, in the order. */
function visitors(queue: Queue) {
  const got: string[] = [];
  const places = new Map<string, Place>();
  const enter = (name: string, memory = 0, signal = never) =>
    queue.enter(memory, signal).then((place) => {
      got.push(place ? name : `${name} left`);
      if (place) places.set(name, place);
    });
  const leave = async (name: string) => {
    places.get(name)?.release();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { got, places, enter, leave };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("places are given in the order in which they were asked for", async () => {
  const { got, enter, leave } = visitors(new Queue(2));
  for (const name of ["a", "b", "c", "d"]) enter(name);
  await settled();
  expect(got).toEqual(["a", "b"]);
  await leave("b");
  expect(got).toEqual(["a", "b", "c"]);
  await leave("b"); // a second time: nothing
  expect(got).toEqual(["a", "b", "c"]);
  await leave("a");
  expect(got).toEqual(["a", "b", "c", "d"]);
});

test("no two have the same place", async () => {
  const { places, enter, leave } = visitors(new Queue(2));
  for (const name of ["a", "b", "c"]) enter(name);
  await settled();
  await leave("a");
  expect(places.get("c")?.number).toBe(places.get("a")?.number);
  expect(places.get("b")?.number).not.toBe(places.get("c")?.number);
});

test("who goes while it waits is passed over", async () => {
  const queue = new Queue(1);
  const { got, enter, leave } = visitors(queue);
  const controller = new AbortController();
  enter("a");
  enter("b", 0, controller.signal);
  enter("c");
  controller.abort();
  await settled();
  expect(queue.length).toBe(1);
  await leave("a");
  expect(got).toEqual(["a", "b left", "c"]);
  controller.abort(); // has been given up long ago
  expect(await queue.enter(0, controller.signal)).toBeNull();
});

test("the memory of all together is bounded, and a large one is not passed over", async () => {
  const { got, enter, leave } = visitors(new Queue(10, 100));
  enter("60", 60);
  enter("50", 50);
  enter("10", 10);
  await settled();
  expect(got).toEqual(["60"]);
  await leave("60");
  expect(got).toEqual(["60", "50", "10"]);
});

test("one that needs more than all may have runs alone", async () => {
  const { got, enter, leave } = visitors(new Queue(10, 100));
  enter("10", 10);
  enter("500", 500);
  enter("20", 20);
  await settled();
  await leave("10");
  expect(got).toEqual(["10", "500"]);
  await leave("500");
  expect(got).toEqual(["10", "500", "20"]);
});
