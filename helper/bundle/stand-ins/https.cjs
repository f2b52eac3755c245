// In place of `https` for docker-modem: an engine beyond a socket of this machine is rare, and TLS
// is the slowest of Node's modules to load.
const https = () => require("node:https");
module.exports = {
  request: (...parameters) => https().request(...parameters),
  get: (...parameters) => https().get(...parameters),
};
