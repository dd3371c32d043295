/**
 * Whether the appliance's disks bear the names that their order gives them. Its kernel finds disks side by
 * side, so on a busy host `/dev/sda` may be the second disk, or the appliance's own; each disk has a label
 * to tell it by.
 */
import { assert } from '@landfall/runtime';

/** libguestfs takes labels of ASCII letters only. */
export function applianceLabel(index: number): string {
  return `disk${letterOf(index)}`;
}

export function applianceDevice(index: number): string {
  return `/dev/sd${letterOf(index)}`;
}

/**
 * What `list-disk-labels` printed (`diska: /dev/sda`, a line each) that is not as expected; empty when all
 * is.
 */
export function findMisnamedDisks(listed: string, diskCount: number): string[] {
  const lines = listed.split('\n').map((line) => line.split(':').map((word) => word.trim()));
  const deviceByLabel = new Map(lines.map(([label = '', device = '']) => [label, device]));
  return Array.from({ length: diskCount }, (_, index) => index)
    .filter((index) => deviceByLabel.get(applianceLabel(index)) !== applianceDevice(index))
    .map((index) => `disk ${index} is ${deviceByLabel.get(applianceLabel(index)) ?? 'missing'}`);
}

function letterOf(index: number): string {
  assert(index >= 0 && index < 26, 'the appliance takes 26 disks at most');
  return String.fromCharCode('a'.charCodeAt(0) + index);
}
