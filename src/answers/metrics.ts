import { Counter, Histogram, Registry } from 'prom-client';

export interface AnswerMetrics {
  count(source: string, result: string, tookMs: number): void;
  /** In the text format of Prometheus. */
  text(): Promise<string>;
}

/** Below the 3 s of Slack and the 5 s of PagerDuty. */
const BUCKETS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 2.5, 3, 4, 5];

export function createAnswerMetrics(): AnswerMetrics {
  const registry = new Registry();
  const registers = [registry];
  const answers = new Counter({
    name: 'belay_answers_total',
    help: 'Requests of Slack and PagerDuty, by what has become of them',
    labelNames: ['source', 'result'],
    registers,
  });
  const duration = new Histogram({
    name: 'belay_answer_duration_seconds',
    help: 'From the whole request to its answer',
    labelNames: ['source'],
    buckets: BUCKETS,
    registers,
  });
  return {
    count(source, result, tookMs) {
      answers.inc({ source, result });
      duration.observe({ source }, tookMs / 1000);
    },
    text: () => registry.metrics(),
  };
}
