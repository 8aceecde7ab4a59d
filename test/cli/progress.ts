import type { ServiceView } from '../../src/domain/release/commands.ts';
import type { Progress } from '../../src/domain/release/progress.ts';

export const AT_MS = new Date(2026, 10, 24, 9, 30, 5).getTime();
const MINUTE = 60_000;

/** A canary at a quarter of the traffic, two minutes into the five of its step. */
export const PROGRESS: Progress = {
  workflowId: 'release/shop/7',
  kind: 'release',
  service: 'shop',
  number: 7,
  version: 'v2',
  fallback: 'v1',
  strategy: 'canary',
  who: 'ada',
  why: 'merge of #88',
  startedAtMs: AT_MS,
  phase: 'progressing',
  phaseSinceMs: AT_MS,
  phaseUntilMs: AT_MS + 3 * MINUTE,
  weights: [
    { version: 'v1', weightPercent: 75 },
    { version: 'v2', weightPercent: 25 },
  ],
  verdict: undefined,
  warnings: [],
  rolledBackBy: undefined,
  steps: [
    { name: 'deploy', kind: 'deploy', phase: 'deploying' },
    { name: 'prove', kind: 'prove', phase: 'checking' },
    { name: 'go', kind: 'gate', phase: 'progressing' },
    {
      name: 'weight-25',
      kind: 'weight',
      phase: 'progressing',
      forMs: 5 * MINUTE,
      weightPercent: 25,
    },
    { name: 'weight-100', kind: 'weight', phase: 'progressing', weightPercent: 100 },
    { name: 'stabilize', kind: 'stay', phase: 'stabilizing', forMs: 10 * MINUTE },
    { name: 'promote', kind: 'promote', phase: 'stabilizing' },
    { name: 'retire', kind: 'retire', phase: 'cleaning_up' },
  ],
  at: 3,
  waiting: undefined,
  preview: { url: 'http://127.0.0.1:8080', headers: { 'x-belay-version': 'v2' } },
  audit: [],
  verbs: ['pause', 'promote', 'promote_full', 'step_back', 'abort', 'extend'],
  timeline: [{ atMs: AT_MS, phase: 'progressing', text: 'v2 gets 25 %' }],
  outcome: undefined,
  reason: undefined,
  endedAtMs: undefined,
};

export const VIEW: ServiceView = {
  service: 'shop',
  stable: 'v1',
  nextNumber: 8,
  active: undefined,
  queue: [
    {
      version: 'v3',
      who: 'bob',
      why: 'a fix',
      requestId: 'build-9',
      sinceMs: AT_MS + MINUTE,
    },
  ],
  left: [],
  runs: [],
};
