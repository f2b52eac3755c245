// Makes the attempts of a list, one connection each, and prints what came back. Plain Node without packages: it
// is run as a build user, also as the builder of a derivation in Nix's sandbox.
//
// Usage: node attack.cjs SOCKET LIST [OUTPUT]; the list is JSON: [{ name, sent: [base64, …] }, …].
"use strict";
const { readFileSync, writeFileSync } = require("node:fs");
const { connect } = require("node:net");

const [socket, list, output] = process.argv.slice(2);
/** Milliseconds to wait for an answer. */
const patience = 15_000;

/** One attempt. Resolves with the answer's frames: [kind, text], and how it ended. */
function attempt({ name, sent }) {
  return new Promise((resolve) => {
    let answer = Buffer.alloc(0);
    const connection = connect(socket);
    const end = (how) => {
      clearTimeout(timer);
      connection.destroy();
      resolve({ name, how, frames: framesOf(answer) });
    };
    const timer = setTimeout(() => end("timeout"), patience);
    connection.on("data", (data) => {
      answer = Buffer.concat([answer, data]);
      // What is allowed would go on.
      if (framesOf(answer).some(([, text]) => text.includes('"started"'))) end("started");
    });
    connection.on("error", ({ code }) => end(code));
    connection.on("close", () => end("closed"));
    connection.on("connect", () => {
      for (const piece of sent) connection.write(Buffer.from(piece, "base64"));
      // Who has sent less than a request has nothing to wait for.
      if (sent.length === 0 || Buffer.from(sent[0], "base64").length < 300) connection.end();
    });
  });
}

function framesOf(data) {
  const frames = [];
  for (let at = 0; at + 5 <= data.length; ) {
    const length = data.readUInt32BE(at + 1);
    frames.push([data[at], data.toString("utf8", at + 5, Math.min(data.length, at + 5 + length))]);
    at += 5 + length;
  }
  return frames;
}

async function main() {
  const answers = [];
  for (const one of JSON.parse(readFileSync(list, "utf8"))) answers.push(await attempt(one));
  const text = JSON.stringify(answers);
  if (output) writeFileSync(output, text);
  else process.stdout.write(text);
}

main();
