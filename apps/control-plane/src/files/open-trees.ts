/**
 * Recovery points whose files are being read: on which launch host each is open, and which one of a server
 * was used last, so that somebody who looks around without naming a time stays at one point. Only a memory:
 * after a restart the launch host closes by itself what nobody asks for, and so does the replication server.
 */
import type { Clock } from '@landfall/runtime';

export interface OpenTree {
  readonly treeId: string;
  readonly sourceServerId: string;
  readonly epoch: number;
  readonly launchHostId: string;
}

/** As long as a launch host keeps one that is not used. */
const REMEMBERED_MS = 5 * 60_000;
const TREES_MAX = 1000;

export class OpenTrees {
  readonly #clock: Clock;
  /** The one used last is the last. */
  readonly #trees = new Map<string, OpenTree & { readonly usedNs: bigint }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  find(treeId: string): OpenTree | undefined {
    this.#forgetOld();
    return this.#trees.get(treeId);
  }

  lastOf(sourceServerId: string): OpenTree | undefined {
    this.#forgetOld();
    return [...this.#trees.values()].findLast((tree) => tree.sourceServerId === sourceServerId);
  }

  use(tree: OpenTree): void {
    this.#trees.delete(tree.treeId);
    this.#trees.set(tree.treeId, { ...tree, usedNs: this.#clock.monotonicNs() });
  }

  forget(treeId: string): void {
    this.#trees.delete(treeId);
  }

  #forgetOld(): void {
    const nowNs = this.#clock.monotonicNs();
    for (const [treeId, { usedNs }] of this.#trees) {
      const isOld = Number(nowNs - usedNs) / 1e6 >= REMEMBERED_MS;
      if (isOld || this.#trees.size > TREES_MAX) this.#trees.delete(treeId);
    }
  }
}
