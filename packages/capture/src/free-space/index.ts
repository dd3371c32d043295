/** The layout of file systems, for whoever reads them from something else than a mounted device. */
export {
  descriptorBlockAt,
  descriptorsPerBlock,
  type Ext4Descriptor,
  parseDescriptor,
} from './ext4-group.ts';
export {
  type Ext4Superblock,
  parseExt4Superblock,
  SUPERBLOCK_BYTES,
  SUPERBLOCK_OFFSET_BYTES,
} from './ext4-superblock.ts';
export { NotProved } from './proof.ts';
