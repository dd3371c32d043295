export * from './epoch-source.ts';
