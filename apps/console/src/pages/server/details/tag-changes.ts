/** From the tags there are to the tags there should be: what to set, and what to take away. Pure. */
export type Tags = Readonly<Record<string, string>>;

export interface TagChanges {
  readonly set: Tags;
  readonly remove: readonly string[];
}

export function tagChanges(before: Tags, after: readonly (readonly [string, string])[]): TagChanges {
  const wanted = new Map(after.filter(([key]) => key !== ''));
  const set = [...wanted].filter(([key, value]) => !Object.hasOwn(before, key) || before[key] !== value);
  return {
    set: Object.fromEntries(set),
    remove: Object.keys(before).filter((key) => !wanted.has(key)),
  };
}
