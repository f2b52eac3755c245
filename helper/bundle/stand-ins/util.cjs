// In place of `util` for docker-modem, which writes out every request in full for `debug`, whether
// anyone reads that or not.
const util = require("node:util");
module.exports = process.env.NODE_DEBUG ? util : { ...util, inspect: () => "" };
