/**
 * What a file wants of each wave, application and server, put together from every row that speaks of it.
 * Rows need not say the same, but must not contradict each other.
 */
import type { CsvProblem } from './csv.ts';
import type { GroupFacts, InventoryRow, ServerFacts } from './inventory-rows.ts';

/** How one resource names another: by its id, or else by its name. */
export interface Reference {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
}

export type PlanItem =
  | { readonly kind: 'WAVE'; readonly rowNumber: number; readonly facts: GroupFacts }
  | {
      readonly kind: 'APPLICATION';
      readonly rowNumber: number;
      readonly facts: GroupFacts;
      readonly wave?: Reference;
    }
  | {
      readonly kind: 'SERVER';
      readonly rowNumber: number;
      readonly facts: ServerFacts;
      readonly application?: Reference;
    };

export interface InventoryPlan {
  /** Waves, then applications, then servers, so that what is referred to is there. */
  readonly items: readonly PlanItem[];
  readonly problems: readonly CsvProblem[];
}

export function planInventory(rows: readonly InventoryRow[]): InventoryPlan {
  const problems: CsvProblem[] = [];
  const waves = new Gathering<GroupFacts, never>('wave', problems);
  const applications = new Gathering<GroupFacts, Reference>('application', problems);
  const servers = new Gathering<ServerFacts, Reference>('server', problems);
  for (const { rowNumber, wave, application, server } of rows) {
    if (wave !== undefined) waves.add(rowNumber, keyOf(wave), wave);
    if (application !== undefined)
      applications.add(rowNumber, keyOf(application), application, referTo(wave));
    if (server !== undefined) {
      servers.add(rowNumber, server.id ?? `id ${server.userProvidedId}`, server, referTo(application));
    }
  }
  const items: PlanItem[] = [
    ...waves.all().map(({ rowNumber, facts }): PlanItem => ({ kind: 'WAVE', rowNumber, facts })),
    ...applications.all().map(
      ({ rowNumber, facts, group }): PlanItem => ({
        ...{ kind: 'APPLICATION', rowNumber, facts },
        ...(group === undefined ? {} : { wave: group }),
      }),
    ),
    ...servers.all().map(
      ({ rowNumber, facts, group }): PlanItem => ({
        ...{ kind: 'SERVER', rowNumber, facts },
        ...(group === undefined ? {} : { application: group }),
      }),
    ),
  ];
  return { items, problems };
}

function referTo(facts: GroupFacts | undefined): Reference | undefined {
  return facts === undefined ? undefined : { id: facts.id, name: facts.name };
}

function keyOf({ id, name = '' }: GroupFacts): string {
  return id ?? `name ${name.normalize('NFC').toLowerCase()}`;
}

interface Gathered<Facts, Group> {
  readonly rowNumber: number;
  readonly facts: Facts;
  readonly group?: Group | undefined;
}

class Gathering<Facts extends object, Group extends Reference> {
  readonly #byKey = new Map<string, Gathered<Facts, Group>>();
  readonly #what: string;
  readonly #problems: CsvProblem[];

  constructor(what: string, problems: CsvProblem[]) {
    this.#what = what;
    this.#problems = problems;
  }

  add(rowNumber: number, key: string, facts: Facts, group?: Group): void {
    const known = this.#byKey.get(key);
    if (known === undefined) {
      this.#byKey.set(key, { rowNumber, facts, group });
      return;
    }
    const refuse = (property: string) => {
      const message = `its ${this.#what} has another ${property} than in row ${known.rowNumber}`;
      this.#problems.push({ rowNumber, message });
    };
    if (known.group !== undefined && group !== undefined && !isSameGroup(known.group, group)) refuse('group');
    this.#byKey.set(key, {
      rowNumber: known.rowNumber,
      facts: merge(known.facts, facts, refuse),
      group: known.group ?? group,
    });
  }

  all(): readonly Gathered<Facts, Group>[] {
    return [...this.#byKey.values()];
  }
}

function isSameGroup(left: Reference, right: Reference): boolean {
  return keyOf({ ...left, tags: {} }) === keyOf({ ...right, tags: {} });
}

/** Members of either; where both have one they must agree. Tags and the like are merged the same way. */
function merge<Facts extends object>(left: Facts, right: Facts, refuse: (property: string) => void): Facts {
  const known = new Map<string, unknown>(Object.entries(left));
  const merged = Object.entries(right).map(([name, value]) => [
    name,
    mergeValue(name, known.get(name), value, refuse),
  ]);
  return { ...left, ...Object.fromEntries(merged) };
}

function mergeValue(
  name: string,
  left: unknown,
  right: unknown,
  refuse: (property: string) => void,
): unknown {
  if (left === undefined) return right;
  if (right === undefined) return left;
  if (typeof left === 'object' && left !== null) {
    return merge(left, right as object, (inner) => refuse(`${name} ${inner}`));
  }
  if (left !== right) refuse(name);
  return left;
}
