/**
 * What tsyringe (inside @peculiar/x509) asks of `Reflect`: metadata kept beside a class. It must be imported
 * before @peculiar/x509. Source: the reflect-metadata proposal, the three functions tsyringe calls; the npm
 * polyfill does the same.
 */
type MetadataByKey = Map<unknown, unknown>;

const metadataByTarget = new WeakMap<object, MetadataByKey>();

function getOwnMetadata(key: unknown, target: object): unknown {
  return metadataByTarget.get(target)?.get(key);
}

function getMetadata(key: unknown, target: object): unknown {
  for (let current: object | null = target; current !== null; current = Object.getPrototypeOf(current)) {
    const found = getOwnMetadata(key, current);
    if (found !== undefined) return found;
  }
  return undefined;
}

function defineMetadata(key: unknown, value: unknown, target: object): void {
  const known = metadataByTarget.get(target) ?? new Map<unknown, unknown>();
  metadataByTarget.set(target, known.set(key, value));
}

if (!('getMetadata' in Reflect)) Object.assign(Reflect, { getMetadata, getOwnMetadata, defineMetadata });
