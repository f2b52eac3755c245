import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { temporaryFolders } from "../../testing/folders.ts";
import { VoyagerError } from "../common/errors.ts";
import { candidates, locate, sandboxSocket } from "./locate.ts";

const folder = temporaryFolders();
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function socketIn(path: string): Promise<string> {
  const server = createServer();
  servers.push(server);
  const socket = join(path, "docker.sock");
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return socket;
}

test("the engine that DOCKER_HOST names is the only one", () => {
  const [only, ...others] = candidates({ DOCKER_HOST: "tcp://engine.example.org:2375" });
  expect(only).toEqual({ address: "tcp://engine.example.org:2375", origin: "DOCKER_HOST" });
  expect(others).toEqual([]);
});

test("places in order of preference", () => {
  const env = { XDG_RUNTIME_DIR: "/run/user/1000" };
  expect(candidates(env).map(({ address }) => address)).toEqual([
    `unix://${sandboxSocket}`,
    "unix:///var/run/docker.sock",
    "unix:///run/user/1000/docker.sock",
  ]);
});

test("an address that is given is the only one", () => {
  const env = { DOCKER_HOST: "unix:///elsewhere" };
  expect(candidates(env, "/my/engine.sock")).toEqual([
    { address: "unix:///my/engine.sock", origin: "--engine" },
  ]);
});

test("DOCKER_HOST wins when its socket exists", async () => {
  const socket = await socketIn(folder());
  expect(locate({ DOCKER_HOST: `unix://${socket}` })).toEqual({
    address: `unix://${socket}`,
    origin: "DOCKER_HOST",
  });
});

test("an address over TCP needs no file", () => {
  expect(locate({}, "tcp://localhost:2375").address).toBe("tcp://localhost:2375");
});

test("nothing there: the error says where it looked, and what to do", () => {
  const look = (env: NodeJS.ProcessEnv) => {
    try {
      locate(env, "/nowhere/engine.sock");
    } catch (error) {
      return error as VoyagerError;
    }
    throw new Error("found");
  };
  const outside = look({});
  expect(outside).toBeInstanceOf(VoyagerError);
  expect(outside.kind).toBe("engine-unavailable");
  expect(outside.details.why).toBe("looked at unix:///nowhere/engine.sock (--engine)");
  expect(outside.details.remedy).toContain("start Docker");
  expect(look({ NIX_BUILD_TOP: "/build" }).details.remedy).toContain("extra-sandbox-paths");
});
