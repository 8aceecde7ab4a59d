const startedMs = Date.now();

/** One line of the demo, with the seconds since its beginning until `atMs`. */
export function say(text: string, atMs: number = Date.now()): void {
  const seconds = ((atMs - startedMs) / 1000).toFixed(1).padStart(6);
  process.stdout.write(`${seconds} s  ${text}\n`);
}
