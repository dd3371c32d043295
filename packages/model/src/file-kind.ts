/** What an entry of a folder of a recovery point is. */
export type FileKind =
  | 'FILE'
  | 'FOLDER'
  | 'SYMLINK'
  | 'BLOCK_DEVICE'
  | 'CHARACTER_DEVICE'
  | 'FIFO'
  | 'SOCKET'
  /** It is there, but what it is cannot be read. */
  | 'UNKNOWN';
