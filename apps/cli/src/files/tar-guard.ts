/**
 * Stands between an archive that comes out of a guest and the tool that unpacks it: the guest may be hostile,
 * and the archive is written wherever its names say.
 *
 * G1 No member is outside of the folder: no absolute name, no `..`.
 * G2 No member and no hard link goes through a symbolic link of the archive. The folder is fresh, so there
 *    are no others.
 * G3 What this reader and the tool could understand in different ways is refused: unknown kinds, global and
 *    sparse records, a size where nothing follows, a name of a folder for what is none (GNU tar takes its
 *    content for headers), two descriptions of one member (the last replaces the first, or is merged).
 * G4 Devices are left out: a node of the guest's numbers would be a device of this machine.
 * G5 An archive that does not end is refused.
 *
 * What is passed on is passed on unchanged, a block after the other, in bounded memory.
 */
import { OperationError } from '@landfall/runtime';
import { BLOCK_BYTES, parsePaxRecords, parseTarHeader, type TarHeader, unsafe } from './tar-header.ts';

export interface GuardedArchive {
  readonly content: AsyncGenerator<Buffer>;
  /** Complete when the content has ended. */
  readonly counts: { members: number; devicesLeftOut: number };
}

interface Member {
  readonly type: string;
  readonly name: string;
  readonly linkName: string;
}

const DESCRIPTION_BYTES_MAX = 1024 * 1024;
/** What may come before a member: pax, or one or both of GNU's long names. */
const DESCRIPTIONS = ['x', 'L', 'K', 'LK', 'KL'];
const MEMBER_TYPES = '01234567';
const FOLDER_TYPE = '5';
const DEVICE_TYPES = '34';

export function guardArchive(chunks: AsyncIterable<Uint8Array>): GuardedArchive {
  const counts = { members: 0, devicesLeftOut: 0 };
  return { content: guarded(new BlockReader(chunks), counts), counts };
}

async function* guarded(reader: BlockReader, counts: GuardedArchive['counts']): AsyncGenerator<Buffer> {
  const judge = new MemberJudge();
  for (;;) {
    const described = await readMember(reader);
    if (described === undefined) break;
    const { blocks, member, sizeBytes } = described;
    judge.judge(member);
    const isDevice = DEVICE_TYPES.includes(member.type);
    if (isDevice) counts.devicesLeftOut += 1;
    else {
      counts.members += 1;
      yield* blocks;
    }
    yield* reader.padded(sizeBytes);
  }
  // The first of the two blocks at the end was read.
  yield Buffer.alloc(BLOCK_BYTES * 2);
  await reader.drain();
}

interface DescribedMember {
  /** Its header and what described it before. */
  readonly blocks: readonly Buffer[];
  readonly member: Member;
  readonly sizeBytes: number;
}

async function readMember(reader: BlockReader): Promise<DescribedMember | undefined> {
  const blocks: Buffer[] = [];
  const told: { name?: string; linkName?: string; sizeBytes?: number } = {};
  let described = '';
  for (;;) {
    const block = await reader.block();
    const header = parseTarHeader(block);
    if (header === undefined && blocks.length === 0) return undefined;
    if (header === undefined) throw unsafe('it ends in the middle of a member');
    blocks.push(block);
    if (!'xLK'.includes(header.type)) return { blocks, ...memberOf(header, told) };
    described += header.type;
    if (!DESCRIPTIONS.includes(described)) throw unsafe('a member is described twice');
    const content = await reader.small(header.sizeBytes);
    blocks.push(content.padded);
    if (sizeOf(blocks) > DESCRIPTION_BYTES_MAX) throw unsafe('a member is described at too great a length');
    Object.assign(told, describedBy(header.type, content.bytes));
  }
}

function describedBy(type: string, content: Buffer) {
  if (type === 'L') return { name: withoutEnd(content) };
  if (type === 'K') return { linkName: withoutEnd(content) };
  const records = parsePaxRecords(content);
  if ([...records.keys()].some((key) => key.startsWith('GNU.')))
    throw unsafe('it has sparse members, or others that only GNU tar knows');
  const [name, linkName, size] = ['path', 'linkpath', 'size'].map((key) => records.get(key));
  if (name?.includes('\0') || linkName?.includes('\0')) throw unsafe('a name has a NUL');
  if (size !== undefined && !/^\d{1,15}$/.test(size)) throw unsafe('a size makes no sense');
  return {
    ...(name === undefined ? {} : { name }),
    ...(linkName === undefined ? {} : { linkName }),
    ...(size === undefined ? {} : { sizeBytes: Number(size) }),
  };
}

function memberOf(header: TarHeader, told: { name?: string; linkName?: string; sizeBytes?: number }) {
  const { type } = header;
  const { name = header.name, linkName = header.linkName, sizeBytes = header.sizeBytes } = told;
  if (!MEMBER_TYPES.includes(type))
    throw unsafe(`it has a member of the unknown kind ${JSON.stringify(type)}`);
  if (sizeBytes > 0 && !'07'.includes(type)) throw unsafe('a member that has no content has a size');
  if (type !== FOLDER_TYPE && name.endsWith('/'))
    throw unsafe(`${JSON.stringify(name)} is named like a folder and is none`);
  return { member: { type, name, linkName }, sizeBytes };
}

class MemberJudge {
  readonly #links = new Set<string>();

  /** Errors: FILES_ARCHIVE_UNSAFE. */
  judge({ type, name, linkName }: Member): void {
    const path = this.#inside(name);
    if (this.#links.has(path)) throw unsafe(`${JSON.stringify(name)} comes again, in the place of a link`);
    if (type === '1') {
      const target = this.#inside(linkName);
      if (this.#links.has(target)) this.#links.add(path);
    }
    if (type === '2') this.#links.add(path);
  }

  /** G1, G2 */
  #inside(name: string): string {
    if (name === '' || name.startsWith('/')) throw unsafe(`${JSON.stringify(name)} is no name in a folder`);
    const parts = name.split('/').filter((part) => part !== '' && part !== '.');
    if (parts.includes('..')) throw unsafe(`${JSON.stringify(name)} leads out of the folder`);
    for (let depth = 1; depth < parts.length; depth += 1) {
      const above = parts.slice(0, depth).join('/');
      if (this.#links.has(above))
        throw unsafe(`${JSON.stringify(name)} goes through the link ${JSON.stringify(above)}`);
    }
    return parts.join('/');
  }
}

class BlockReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  block(): Promise<Buffer> {
    return this.#exactly(BLOCK_BYTES);
  }

  async small(sizeBytes: number): Promise<{ readonly bytes: Buffer; readonly padded: Buffer }> {
    if (sizeBytes > DESCRIPTION_BYTES_MAX) throw unsafe('a member is described at too great a length');
    const padded = await this.#exactly(paddedSize(sizeBytes));
    return { bytes: padded.subarray(0, sizeBytes), padded };
  }

  async *padded(sizeBytes: number): AsyncGenerator<Buffer> {
    for (let left = paddedSize(sizeBytes); left > 0; ) {
      if (this.#rest.length === 0) this.#rest = await this.#more();
      const part = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(part.length);
      left -= part.length;
      yield part;
    }
  }

  /** What fills the last record. */
  async drain(): Promise<void> {
    for (let next = await this.#chunks.next(); next.done !== true; next = await this.#chunks.next());
  }

  async #exactly(sizeBytes: number): Promise<Buffer> {
    while (this.#rest.length < sizeBytes) this.#rest = Buffer.concat([this.#rest, await this.#more()]);
    const part = this.#rest.subarray(0, sizeBytes);
    this.#rest = this.#rest.subarray(sizeBytes);
    return part;
  }

  async #more(): Promise<Buffer> {
    const next = await this.#chunks.next();
    if (next.done !== true) return Buffer.from(next.value);
    throw new OperationError('FILES_TRANSFER_BROKEN', 'the archive ends before its end', {
      hint: 'fetch it again; the logs of the launch host and the control plane say why it ended',
    });
  }
}

function paddedSize(sizeBytes: number): number {
  return Math.ceil(sizeBytes / BLOCK_BYTES) * BLOCK_BYTES;
}

function sizeOf(blocks: readonly Buffer[]): number {
  return blocks.reduce((sum, block) => sum + block.length, 0);
}

function withoutEnd(content: Buffer): string {
  return content.toString('latin1').split('\0', 1)[0] ?? '';
}
