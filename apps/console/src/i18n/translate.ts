/**
 * Messages with slots: `{name}` stands for a value, `{count|server|servers}` for one of two words by how many
 * there are. Languages without plural forms write the word itself. Pure.
 */
export type SlotValues = Readonly<Record<string, string | number>>;

const SLOT = /\{(\w+)(?:\|([^|}]*)\|([^|}]*))?\}/g;

/** A slot without a value stays as it is, which a reader sees and a test finds. */
export function fill(message: string, values: SlotValues, locale: string): string {
  return message.replace(SLOT, (whole, name: string, one?: string, other?: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) return whole;
    if (one === undefined || other === undefined)
      return typeof value === 'number' ? grouped(value, locale) : value;
    return new Intl.PluralRules(locale).select(Number(value)) === 'one' ? one : other;
  });
}

function grouped(value: number, locale: string): string {
  return new Intl.NumberFormat(locale).format(value);
}

/** Names of the slots, each once, in order. */
export function slotsOf(message: string): readonly string[] {
  return [...new Set([...message.matchAll(SLOT)].map(([, name = '']) => name))].sort();
}
