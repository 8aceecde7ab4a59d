import { z } from 'zod';

const version = z.string().min(1).max(64);
const instance = z.strictObject({
  id: z.string(),
  host: z.string(),
  port: z.int().min(1).max(65_535),
});
const match = z.strictObject({
  version,
  in: z.enum(['header', 'cookie']),
  name: z.string(),
  how: z.enum(['exact', 'prefix', 'present']),
  value: z.string(),
});

/** What `PUT …/traffic` takes: `TrafficChange`, from whoever can reach the control address. */
export const changeSchema = z.strictObject({
  service: z.string().min(1).max(63),
  key: z.string().min(1).max(500),
  generation: z.int().min(1),
  after: z.int().min(0).exactOptional(),
  routes: z
    .array(
      z.strictObject({
        version,
        weightPercent: z.int().min(0).max(100),
        instances: z.array(instance).max(1000),
      }),
    )
    .max(20),
  affinity: z
    .strictObject({ cookie: z.string(), maxAgeS: z.int(), salt: z.string() })
    .exactOptional(),
  matches: z.array(match).exactOptional(),
  mirror: z.strictObject({ version, percent: z.int() }).exactOptional(),
});
