/**
 * Which end-to-end stories run beside which. Stories about machines wait for guests most of the time, which
 * use one core; those about replication wait for disks, the network and timers. So two lanes share two cores:
 * within a lane one story runs after the other. Stories that do neither run in the lane that is done first.
 */
import { globSync } from 'node:fs';
import { basename } from 'node:path';

export interface Lane {
  readonly name: string;
  readonly files: readonly string[];
}

export interface LanePlan {
  readonly lanes: readonly Lane[];
  /** Each for the lane that has nothing else to do. */
  readonly shared: readonly string[];
}

const STORIES = ['apps/*/src/**/*.e2e.ts', 'e2e/*.e2e.ts'];
/** Whole demos with a program killed at three moments each: half an hour and more. */
const CAMPAIGNS = ['e2e/campaigns/*.e2e.ts'];

/** Boots guests or works on their disks, and replicates nothing or next to it. */
const ABOUT_MACHINES: ReadonlySet<string> = new Set([
  'boot-proof.e2e.ts',
  'console-wave.e2e.ts',
  'console.e2e.ts',
  'conversion-faults.e2e.ts',
  'conversion.e2e.ts',
  'file-trees.e2e.ts',
  'guest-matrix.e2e.ts',
  'launch-faults.e2e.ts',
  'launch-host.e2e.ts',
  'launch-kills.e2e.ts',
  'libvirt-guest.e2e.ts',
  'libvirt-host.e2e.ts',
  'machine-inbound.e2e.ts',
  'machine-isolation.e2e.ts',
  'preflight.e2e.ts',
  'qemu-host.e2e.ts',
  'ready-appliance.e2e.ts',
]);

/** Neither guests nor devices: one process that computes, or a browser before simulated programs. */
const EASY_TO_PLACE: ReadonlySet<string> = new Set([
  'console-dialogs.e2e.ts',
  'console-failures.e2e.ts',
  'console-fleet.e2e.ts',
  'console-groups.e2e.ts',
  'console-outages.e2e.ts',
  'console-pages.e2e.ts',
  'console-settings.e2e.ts',
  'console-trouble.e2e.ts',
  'histories.e2e.ts',
  'identity.e2e.ts',
  'journal-histories.e2e.ts',
  'postgres-store.e2e.ts',
  'simulation.e2e.ts',
]);

export interface LaneOptions {
  readonly only?: readonly string[];
  readonly campaigns?: boolean;
  /** One lane for all. */
  readonly oneByOne?: boolean;
}

/** Paths are relative to `repository`. A pattern that matches nothing stays, for the runner to name. */
export function planLanes(repository: string, options: LaneOptions): LanePlan {
  const { only, campaigns, oneByOne } = options;
  if (only !== undefined) return { lanes: [{ name: 'stories', files: only }], shared: [] };
  const patterns = campaigns === true ? [...STORIES, ...CAMPAIGNS] : STORIES;
  const files = patterns.flatMap((pattern) => globSync(pattern, { cwd: repository }).sort());
  if (oneByOne === true) return { lanes: [{ name: 'stories', files }], shared: [] };
  const shared = files.filter((file) => EASY_TO_PLACE.has(basename(file)));
  const placed = files.filter((file) => !shared.includes(file));
  return {
    lanes: [
      { name: 'replication', files: placed.filter((file) => !ABOUT_MACHINES.has(basename(file))) },
      { name: 'machines', files: placed.filter((file) => ABOUT_MACHINES.has(basename(file))) },
    ],
    shared,
  };
}

/** Names that no story has any more, so that the lists above cannot grow stale. */
export function staleNames(files: readonly string[]): readonly string[] {
  const names = new Set(files.map((file) => basename(file)));
  return [...ABOUT_MACHINES, ...EASY_TO_PLACE].filter((name) => !names.has(name));
}
