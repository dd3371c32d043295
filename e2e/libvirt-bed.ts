/**
 * Runs a story beside a libvirtd of its own, in namespaces (mounts, network, processes) whose first process
 * is `libvirt-bed.sh`: bridges and firewall rules end with them, too. Nothing of the computer's own libvirt
 * and network is touched.
 */
import { join } from 'node:path';
import { inOwnNamespaces, type OwnNamespaces } from './own-namespaces.ts';

const TIMEOUT_MS = 30 * 60_000;

/** Calls `story` inside; outside there is one test, which passes when all inside did. */
export function besideLibvirt(
  storyFile: string,
  story: () => void,
  prepare?: NonNullable<OwnNamespaces['prepare']>,
): void {
  const options: OwnNamespaces = {
    ...{ title: 'beside a libvirtd of its own', variable: 'LANDFALL_TEST_LIBVIRT_BED' },
    namespaces: ['--mount', '--net'],
    launcher: ['sh', join(import.meta.dirname, 'libvirt-bed.sh')],
    timeoutMs: TIMEOUT_MS,
    ...(prepare === undefined ? {} : { prepare }),
  };
  inOwnNamespaces(storyFile, options, story);
}
