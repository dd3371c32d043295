/**
 * The smallest guest there is: a boot sector. It says `B` on the first serial line and `R` on the fourth,
 * reads its whole boot disk by the firmware, 32 KiB at a time, says `.` for each pass (or `E` for a read that
 * failed), and does what it was made for. Assembled from this (GNU as, .code16; the numbers are the addresses
 * below):
 *
 *   start:     cli; xor %ax,%ax; mov %ax,%ds; mov %ax,%es; mov %ax,%ss; mov $0x7c00,%sp; sti
 *              mov %dl,drive; mov $0x3f8,%dx; mov $'B',%al; out %al,%dx
 *              mov $0x2e8,%dx; mov $'R',%al; out %al,%dx
 *   pass:      movl $0,lba
 *   next:      mov $packet,%si; mov $0x42,%ah; mov drive,%dl; int $0x13; jc failed
 *              addl $64,lba; mov lba,%eax; cmp sectors,%eax; jb next; mov $'.',%al
 *   say:       mov $0x3f8,%dx; out %al,%dx; jmp *action
 *   failed:    mov $'E',%al; jmp say
 *   power_off: mov $0x2000,%ax; mov $0x604,%dx; out %ax,%dx; jmp rest    # PM1a_CNT, SLP_EN with S5
 *   panic:     mov $1,%al; mov $0x505,%dx; out %al,%dx                   # pvpanic
 *   rest:      hlt; jmp rest
 *   drive:     .byte 0x80
 *   sectors:   .long 0
 *   action:    .word pass
 *   packet:    .byte 16,0; .word 64; .word 0,0x1000
 *   lba:       .long 0,0
 *   listen:    mov $0x100,%ax; mov $0x602,%dx; out %ax,%dx               # PM1a_EN, PWRBTN_EN
 *   button:    mov $0x600,%dx; in %dx,%ax; test $1,%ah; jz button        # PM1a_STS, PWRBTN_STS
 *              jmp power_off
 */
import assert from 'node:assert/strict';

export type GuestAction = 'READ_AGAIN' | 'POWER_OFF' | 'PANIC' | 'REST' | 'WAIT_FOR_BUTTON';

const CODE = [
  'fa 31c0 8ed8 8ec0 8ed0 bc007c fb 8816647c baf803 b042 ee',
  'bae802 b052 ee',
  '66c706737c00000000',
  'be6b7c b442 8a16647c cd13 721b 668306737c40 66a1737c 663b06657c 72e2 b02e',
  'baf803 ee ff26697c',
  'b045 ebf4',
  'b80020 ba0406 ef eb06',
  'b001 ba0505 ee',
  'f4 ebfd',
  '80 00000000 1d7c 1000 4000 0000 0010 00000000 00000000',
  'b80001 ba0206 ef',
  'ba0006 ed f6c401 74f7',
  'ebc5',
].join('');

const SECTOR_BYTES = 512;
const STEP_BYTES = 64 * SECTOR_BYTES;
const SECTORS_AT = 0x65;
const ACTION_AT = 0x69;
const ADDRESSES: Readonly<Record<GuestAction, number>> = {
  READ_AGAIN: 0x7c1d,
  POWER_OFF: 0x7c52,
  PANIC: 0x7c5b,
  REST: 0x7c61,
  WAIT_FOR_BUTTON: 0x7c7b,
};

export function bootSector(diskBytes: number, action: GuestAction): Buffer {
  assert.equal(diskBytes % STEP_BYTES, 0, 'the guest reads in whole steps');
  const sector = Buffer.alloc(SECTOR_BYTES);
  Buffer.from(CODE.replaceAll(' ', ''), 'hex').copy(sector);
  sector.writeUInt32LE(diskBytes / SECTOR_BYTES, SECTORS_AT);
  sector.writeUInt16LE(ADDRESSES[action], ACTION_AT);
  sector.writeUInt16LE(0xaa55, SECTOR_BYTES - 2);
  return sector;
}
