export * from './certificate-term.ts';
export * from './enrolment-token.ts';
export * from './file-identity.ts';
export * from './http-channel.ts';
export * from './http-client.ts';
export * from './http-enrol.ts';
export * from './http-token-enrolment.ts';
export type * from './journal-commands.ts';
export * from './messages.ts';
