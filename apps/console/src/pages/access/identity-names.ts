/** Names of users, roles and policies, as the service takes them. Pure. */
const NAME_PATTERN = /^[\w+=,.@-]{1,64}$/;

export function isIdentityName(text: string): boolean {
  return NAME_PATTERN.test(text);
}

export type HolderKind = 'user' | 'role';

export interface Holder {
  readonly kind: HolderKind;
  readonly name: string;
}

/** The user or role of an ARN: `arn:aws:iam::000000000000:user/ann`; `undefined`: it is something else. */
export function holderOfArn(arn: string): Holder | undefined {
  const [, kind, name] = /^arn:[^:]+:iam::[^:]*:(user|role)\/(.+)$/.exec(arn) ?? [];
  if (name === undefined || (kind !== 'user' && kind !== 'role')) return undefined;
  return { kind, name };
}

/** For AttachPolicy and DetachPolicy. */
export function holderInput({ kind, name }: Holder): {
  readonly userName?: string;
  readonly roleName?: string;
} {
  return kind === 'user' ? { userName: name } : { roleName: name };
}
