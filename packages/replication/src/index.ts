export * from './epoch-source.ts';
export * from './epoch-store.ts';
