// In place of `debug`: Node's own, which NODE_DEBUG=modem switches on.
module.exports = require("node:util").debuglog;
