// What koffi's own loader does, which looks for the file where there is no node_modules.
const { createRequire } = require("node:module");
module.exports = createRequire(voyagerUrl)("./koffi.node");
