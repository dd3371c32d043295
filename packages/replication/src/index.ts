export * from './epoch-store.ts';
