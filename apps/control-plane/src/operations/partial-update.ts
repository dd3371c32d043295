/** Partial updates: a member that is absent leaves what was there. */
type PartialUpdate<Settings> = { readonly [Key in keyof Settings]?: Settings[Key] | undefined };

export function withoutAbsent<Settings extends object>(
  current: Settings,
  change: PartialUpdate<Settings>,
): Settings {
  const present = Object.entries(change).filter(([, value]) => value !== undefined);
  return { ...current, ...Object.fromEntries(present) };
}
