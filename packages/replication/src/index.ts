export type { ReplicaPosition } from './epoch-ledger.ts';
export * from './epoch-store.ts';
export * from './receiver.ts';
export * from './receiver-options.ts';
export * from './sender.ts';
export * from './sender-options.ts';
