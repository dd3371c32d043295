/** Which resources a call of EC2 is about, in the words of policies. What lists is about none. */
import { arnOf, type Ec2AnyInput, type Ec2Resource } from '@landfall/api';
import type { Service } from '../service.ts';
import { findTemplateNamed } from './find-template.ts';

/** `input` is absent when it could not be read: then all the call could be about. */
export async function ec2ResourcesOf(
  service: Service,
  resource: Ec2Resource | undefined,
  input: Ec2AnyInput | undefined,
): Promise<readonly string[]> {
  const arn = (type: string, id: string) => arnOf('ec2', type, id, service.facts);
  switch (resource) {
    case undefined:
      return ['*'];
    case 'new-launch-template':
      return [arn('launch-template', '*')];
    case 'launch-template':
      return [arn('launch-template', await templateIdOf(service, input ?? {}))];
    case 'instance': {
      const ids = new Set([input?.InstanceId ?? []].flat());
      return (ids.size === 0 ? ['*'] : [...ids]).map((id) => arn('instance', id));
    }
  }
}

/** A name that nothing has is asked about like every launch template at once. */
async function templateIdOf(
  { store }: Service,
  { LaunchTemplateId: id, LaunchTemplateName: name }: Ec2AnyInput,
): Promise<string> {
  if (typeof id === 'string') return id;
  const found = typeof name === 'string' ? await findTemplateNamed(store.db, name) : undefined;
  return found?.launchTemplateId ?? '*';
}

/** What a new launch template is to be tagged with; whether that is right is for its handler. */
export function ec2RequestTags(input: Ec2AnyInput | undefined): Readonly<Record<string, string>> {
  const tags = (input?.TagSpecification ?? []).flatMap(({ Tag = [] }) => Tag);
  return Object.fromEntries(tags.map(({ Key, Value = '' }) => [Key, Value]));
}
