/**
 * The value a `dynamicPath` of MGN's external parameters leads to: members by name, entries of lists by
 * number, `networkInterfaces[0].ips[0]`. Source of the form: MGN model, JmesPathString.
 */
export function followPath(root: unknown, path: string): string | undefined {
  const keys = path.split(/[.[\]]+/).filter((key) => key !== '');
  const found = keys.reduce<unknown>((value, key) => memberOf(value, key), root);
  const isPlain = ['string', 'number', 'boolean'].includes(typeof found);
  return isPlain ? String(found) : undefined;
}

function memberOf(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[key];
}
