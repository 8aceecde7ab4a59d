/** Lets so many through at once, and so many more wait. */
export interface Gate {
  /** Undefined: too many wait already. What it answers is called at the end. */
  enter(): Promise<() => void> | undefined;
  count(): number;
}

export function createGate({
  atOnce,
  waitingMax,
}: {
  readonly atOnce: number;
  readonly waitingMax: number;
}): Gate {
  const waiting: (() => void)[] = [];
  let inside = 0;

  function leave(): void {
    const next = waiting.shift();
    if (next === undefined) inside -= 1;
    else next();
  }

  return {
    count: () => inside,
    enter() {
      if (inside < atOnce) {
        inside += 1;
        return Promise.resolve(leave);
      }
      if (waiting.length >= waitingMax) return undefined;
      return new Promise((resolve) => {
        waiting.push(() => resolve(leave));
      });
    },
  };
}
