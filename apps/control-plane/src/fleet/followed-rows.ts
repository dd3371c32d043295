/**
 * What the store says of each server, in memory: read once, and again of those whose rows have changed.
 *
 * F1  What was committed before `current` is called is in what it resolves with.
 * F2  What could not be read stays to be read: the next call tries again.
 * F3  Readings run one after another, each of at most `IDS_AT_ONCE` servers, so that thousands of servers do
 *     not keep everybody else waiting.
 */
const IDS_AT_ONCE = 200;

export interface RowSource<Value> {
  /** Of all servers there are. */
  readonly listIds: () => Promise<readonly string[]>;
  /** Those that are not in it have none. */
  readonly load: (ids: readonly string[]) => Promise<ReadonlyMap<string, Value>>;
}

export class FollowedRows<Value> {
  readonly #source: RowSource<Value>;
  readonly #known = new Map<string, Value>();
  readonly #changed = new Set<string>();
  #isWhole = false;
  #reading: Promise<unknown> = Promise.resolve();

  constructor(source: RowSource<Value>) {
    this.#source = source;
  }

  /** `undefined`: it is not known which. */
  tell(id: string | undefined): void {
    if (id === undefined) this.#isWhole = false;
    else this.#changed.add(id);
  }

  /** The map lives on: it is read without an await in between. */
  async current(): Promise<ReadonlyMap<string, Value>> {
    const turn = this.#reading.then(() => this.#catchUp());
    this.#reading = Promise.allSettled([turn]);
    await turn;
    return this.#known;
  }

  async #catchUp(): Promise<void> {
    if (!this.#isWhole) {
      this.#isWhole = true;
      try {
        const ids = new Set(await this.#source.listIds());
        for (const id of this.#known.keys()) if (!ids.has(id)) this.#known.delete(id);
        for (const id of ids) this.#changed.add(id);
      } catch (error) {
        this.#isWhole = false;
        throw error;
      }
    }
    const waiting = [...this.#changed];
    for (let from = 0; from < waiting.length; from += IDS_AT_ONCE) {
      await this.#read(waiting.slice(from, from + IDS_AT_ONCE));
    }
  }

  /** Taken before it is read: what changes meanwhile is read once more. */
  async #read(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#changed.delete(id);
    try {
      const found = await this.#source.load(ids);
      for (const id of ids) {
        const value = found.get(id);
        if (value === undefined) this.#known.delete(id);
        else this.#known.set(id, value);
      }
    } catch (error) {
      for (const id of ids) this.#changed.add(id);
      throw error;
    }
  }
}
