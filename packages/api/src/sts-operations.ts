/** The part of STS that is offered: parameters by operation. Facts: the public API, version 2011-06-15. */
export const STS_VERSION = '2011-06-15';

export const STS_OPERATIONS = {
  GetCallerIdentity: [],
  GetSessionToken: ['DurationSeconds'],
  AssumeRole: ['RoleArn', 'RoleSessionName', 'DurationSeconds'],
} as const;

export type StsOperation = keyof typeof STS_OPERATIONS;
