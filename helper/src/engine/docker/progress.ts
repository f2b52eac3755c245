/**
 * Reads the progress messages of a pull, an import or a load: JSON objects one after the other. An error
 * comes inside such a message under status 200, and a stream that ends early says nothing at all,
 * so the caller names the message that must be there at the end.
 */
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

/** One message, as far as we read it. */
export interface ProgressMessage {
  status?: string;
  /** What `docker load` prints. */
  stream?: string;
  error?: string;
}

/**
 * Reads all messages. Rejects with the engine's own error message, or when no message satisfies
 * `isFinal`.
 */
export async function followProgress(
  stream: Readable,
  isFinal: (message: ProgressMessage) => boolean,
): Promise<void> {
  const decoder = new StringDecoder("utf8"); // a character may be split over two chunks
  let rest = "";
  let finished = false;
  const take = (line: string) => {
    if (line.trim() === "") return;
    const message = JSON.parse(line) as ProgressMessage;
    if (message.error) throw new Error(message.error);
    finished ||= isFinal(message);
  };
  for await (const chunk of stream) {
    const lines = (rest + decoder.write(chunk as Buffer)).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(take);
  }
  take(rest + decoder.end());
  if (!finished) throw new Error("the engine's answer ended before it said that it was done");
}
