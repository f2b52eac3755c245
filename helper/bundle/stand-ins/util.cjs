// In place of `util` for docker-modem, which writes out every request in full for `debug`, whether
// anyone reads that or not.
const util = require("node:util");
// No copy: reading every member makes Node load what is behind each, some of it slow to load.
module.exports = process.env.NODE_DEBUG ? util : Object.create(util, { inspect: { value: () => "" } });
