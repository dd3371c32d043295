/** What differs between two versions of a launch template, member by member. Pure. */
import type { Landfall } from '@landfall/api/types';

export interface TemplateDifference {
  /** `disks[/dev/sda].iops`, `tags.Name`, `instanceType`. */
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

export function diffTemplates(
  before: Landfall.LaunchTemplateData,
  after: Landfall.LaunchTemplateData,
): readonly TemplateDifference[] {
  const left = flatten(before);
  const right = flatten(after);
  const paths = [...new Set([...left.keys(), ...right.keys()])].sort();
  return paths
    .map((path) => ({ path, before: left.get(path), after: right.get(path) }))
    .filter((difference) => difference.before !== difference.after);
}

/** Every leaf by its path; disks by the name of their device, other items by their number. */
export function flatten(value: unknown, path = ''): Map<string, string> {
  if (value === undefined) return new Map();
  if (Array.isArray(value)) {
    if (value.every((item) => typeof item !== 'object')) return new Map([[path, value.join(', ')]]);
    return merge(value.map((item: unknown, index) => flatten(item, `${path}[${nameOf(item) ?? index}]`)));
  }
  if (typeof value !== 'object' || value === null) return new Map([[path, String(value)]]);
  const members = Object.entries(value).filter(([name]) => name !== 'deviceName');
  return merge(members.map(([name, member]) => flatten(member, path === '' ? name : `${path}.${name}`)));
}

function nameOf(item: unknown): string | undefined {
  if (typeof item !== 'object' || item === null || !('deviceName' in item)) return undefined;
  return String(item.deviceName);
}

function merge(maps: readonly Map<string, string>[]): Map<string, string> {
  return new Map(maps.flatMap((map) => [...map]));
}
