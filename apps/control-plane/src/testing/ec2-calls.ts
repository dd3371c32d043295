/** Calls of EC2 straight into the routes of a control plane, and their XML as far as tests look into it. */
import type { TestContext } from 'node:test';
import { EC2_VERSION } from '@landfall/api';
import { injectInto } from './injected-requests.ts';
import type { TestControlPlane } from './test-control-plane.ts';
import type { TestUser } from './test-users.ts';

export interface Ec2Answer {
  readonly status: number;
  readonly text: string;
  /** `OK`, or that of the error. */
  readonly code: string;
  /** Texts of the elements of this name. */
  all(name: string): readonly string[];
  first(name: string): string | undefined;
}

export type Ec2Parameters = Readonly<Record<string, string | number | boolean>>;
export type CallEc2 = (action: string, parameters?: Ec2Parameters) => Promise<Ec2Answer>;

export async function ec2CallsOf(t: TestContext, plane: TestControlPlane, user?: TestUser): Promise<CallEc2> {
  const admin = user === undefined ? plane.admin : { ...plane.admin, ...user };
  const inject = await injectInto(t, { ...plane, admin });
  return async (Action, parameters = {}) => {
    const texts = Object.entries(parameters).map(([name, value]) => [name, String(value)]);
    const form = { Action, Version: EC2_VERSION, ...Object.fromEntries(texts) };
    const body = new URLSearchParams(form).toString();
    const { status, text } = await inject({ service: 'ec2', method: 'POST', rawPath: '/', body });
    return readAnswer(status, text);
  };
}

export function readAnswer(status: number, text: string): Ec2Answer {
  const all = (name: string) =>
    [...text.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, content = '']) => content);
  const first = (name: string) => all(name)[0];
  return { status, text, code: status === 200 ? 'OK' : (first('Code') ?? ''), all, first };
}
