/** How bad an incident is, the worst first; the words of PagerDuty's Events API v2. */
export const SEVERITIES = ['critical', 'error', 'warning', 'info'] as const;

export type Severity = (typeof SEVERITIES)[number];
