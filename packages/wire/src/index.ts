export * from './decoder.ts';
export * from './encoder.ts';
export * from './framed-link.ts';
export * from './link.ts';
export * from './memory-link.ts';
export * from './messages.ts';
export * from './tls-link.ts';
export * from './tls-listener.ts';
