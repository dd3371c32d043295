/** Policies as text in an editor: beginnings, and what can be said before the service has its say. Pure. */
const VERSION = '2012-10-17';

/** What the service takes. */
export const POLICY_CHARACTERS_MAX = 6144;

export const NEW_POLICY = written({
  Version: VERSION,
  Statement: [
    { Sid: 'LookAtServers', Effect: 'Allow', Action: ['mgn:Describe*', 'mgn:List*'], Resource: '*' },
  ],
});

/** Who of this account may assume the role: anybody whose own policies allow it. */
export function newTrustPolicy(accountId: string): string {
  return written({
    Version: VERSION,
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${accountId}:root` },
        Action: 'sts:AssumeRole',
      },
    ],
  });
}

export type PolicyTextFault =
  | { readonly kind: 'EMPTY' }
  | { readonly kind: 'TOO_LONG' }
  | { readonly kind: 'NO_JSON'; readonly reason: string };

/** Of its form only; what it says is the service's to judge. */
export function policyTextFault(text: string): PolicyTextFault | undefined {
  if (text.trim() === '') return { kind: 'EMPTY' };
  if (text.length > POLICY_CHARACTERS_MAX) return { kind: 'TOO_LONG' };
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { kind: 'NO_JSON', reason: error.message };
  }
}

/** In lines, for reading; text that is no JSON as it is. */
export function readablePolicy(text: string): string {
  try {
    return written(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return text;
  }
}

/** The account that an ARN of the service belongs to. */
export function accountOfArn(arn: string): string | undefined {
  return /^arn:[^:]*:[^:]*:[^:]*:(\d{12}):/.exec(arn)?.[1];
}

function written(policy: unknown): string {
  return JSON.stringify(policy, null, 2);
}
