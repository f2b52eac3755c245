// In place of `worker_threads` for pino, which asks this of it.
module.exports = { isMainThread: true };
