// In place of `readable-stream`, a copy of Node's own streams for other versions of Node.
module.exports = require("node:stream");
