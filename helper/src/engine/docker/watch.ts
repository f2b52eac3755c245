/**
 * What is waited for may take as long as a build does, so no deadline tells that it will never come. An
 * engine that is stuck, or has forgotten what we wait for, is noticed by asking it now and then.
 */

export interface Watched {
  /** Milliseconds between two looks. */
  every: number;
  /** Bytes so far. While there are more each time, the engine need not be asked. */
  traffic: () => number;
  /** Asks the engine whether what we wait for goes on; throws when it does not answer. */
  goesOn: () => Promise<boolean>;
  /** Called once, with the reason, when nothing more can be waited for. */
  onLost: (error: Error) => void;
}

/** Begins to look. What it returns ends that. */
export function watch({ every, traffic, goesOn, onLost }: Watched): () => void {
  let before = -1;
  let ended = false;
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  const look = async () => {
    const now = traffic();
    if (now !== before) {
      before = now;
      ended = false;
    } else if (await goesOn()) ended = false;
    // The end may have been on its way to us when we looked for the first time.
    else if (ended && traffic() === before) throw new Error("the engine says that it has ended, not how");
    else ended = true;
  };
  const next = () => {
    timer = setTimeout(() => {
      look().then(
        () => {
          if (!isStopped) next();
        },
        (error: Error) => {
          if (!isStopped) onLost(error);
        },
      );
    }, every);
    timer.unref();
  };
  next();
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}
