/** `voyager publish`: puts builds, and channels of them, where others fetch them. */
import { type Log, writeToStdout } from "../common/log.ts";
import { count, digits, visible } from "../common/text.ts";
import { formatTable } from "../common/table.ts";
import { type Publication, publish as publishAll, type Published } from "../publish/publish.ts";

export interface PublishOptions extends Publication {
  json: boolean;
}

/** Publishes, and prints what was copied and what was there. */
export async function publish({ json, ...publication }: PublishOptions, log: Log): Promise<void> {
  const published = await publishAll(publication, log);
  if (json) writeToStdout(`${JSON.stringify(published, null, 2)}\n`);
  else print(published);
}

function print({ to, publicKey, paths, deliveries, channel }: Published): void {
  const rows = paths.map(({ path, size, copied }) => [
    copied ? "copied" : "was there",
    digits(size),
    visible(path),
  ]);
  const copied = paths.filter((one) => one.copied);
  writeToStdout(formatTable(["", "bytes", "path"], rows));
  writeToStdout(
    `${visible(to)}: ${count(copied.length, "path")} copied, ${paths.length - copied.length} there before; ${count(deliveries, "delivery", "deliveries")} with the verdict pass\n`,
  );
  if (channel !== null) {
    const where = channel.folder === null ? "" : `, to be served from ${visible(channel.folder)}`;
    writeToStdout(`channel ${visible(channel.name)}: ${channel.path}${where}\n`);
  }
  writeToStdout(`trusted-public-keys: ${publicKey}\n`);
}
