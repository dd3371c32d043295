/**
 * Every error code a Landfall program can show, with what it means and what to do. `docs/errors.md` says the same for
 * people; `tidy.test.ts` proves that each code used in the source is here and in that page. Sorted by code.
 */
export interface ErrorEntry {
  readonly meaning: string;
  readonly remedy: string;
}

export const ERROR_CODES = {
  API_ENDPOINT_INVALID: {
    meaning: 'What was given as the address of the control plane is not one.',
    remedy: 'Give it as https://HOST:PORT.',
  },
  API_RESPONSE_INVALID: {
    meaning: 'The endpoint answered with something that is not the answer of a Landfall control plane.',
    remedy: 'Check the address, and that client and control plane are of the same version.',
  },
  API_UNREACHABLE: {
    meaning: 'The control plane did not answer.',
    remedy: 'Check that it runs, and that its address and port are right and not blocked.',
  },
  API_UNTRUSTED: {
    meaning: 'The certificate of the control plane is not one that the client trusts.',
    remedy: "Give the control plane's CA certificate and the address the certificate was made for.",
  },
  EXTENT_DAMAGED: {
    meaning: 'Bytes of a replica no longer match the checksum the agent gave them.',
    remedy:
      'Check the storage and memory of the replication server; a rescan of the server replaces damaged blocks.',
  },
  TOOL_FAILED: {
    meaning: 'An external tool ended with an error.',
    remedy: 'Read the end of its output in the message.',
  },
  TOOL_MISSING: {
    meaning: 'An external tool is not installed.',
    remedy: 'Install the named tool, then try again.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERROR_CODES;
