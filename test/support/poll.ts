const LOOK_EVERY_MS = 50;

/** Asks again and again until there is an answer; throws when there is none in time. */
export async function poll<T>(withinMs: number, ask: () => Promise<T | undefined>): Promise<T> {
  for (const untilMs = Date.now() + withinMs; Date.now() < untilMs;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  throw new Error(`nothing came within ${withinMs} ms`);
}
