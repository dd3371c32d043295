import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import {
  askQemu,
  findBiosFirmware,
  listFirmware,
  parseMachineNames,
  parseQemuVersion,
} from './qemu-capabilities.ts';

test("QEMU's version and machines are read from what it prints", () => {
  const version = 'QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)\nCopyright (c) 2003\n';
  assert.equal(parseQemuVersion(version), 'QEMU 7.2.22');
  const machines = `Supported machines are:
pc                   Standard PC (i440FX + PIIX, 1996) (alias of pc-i440fx-7.2)
pc-i440fx-7.2        Standard PC (i440FX + PIIX, 1996) (default)
`;
  const names = parseMachineNames(machines);
  assert.deepEqual([names.has('pc'), names.has('q35')], [true, false]);
});

test('the QEMU of this computer has both machine types, and a BIOS where it looks for it', async () => {
  const { version, machineTypes } = await askQemu();
  assert.match(version, /^QEMU \d+\.\d+/);
  assert.deepEqual(machineTypes, ['pc', 'q35']);
  const bios = await findBiosFirmware();
  assert.ok(bios !== undefined && existsSync(bios), bios);
});

test('firmware is listed with its files; what is not there is not listed', () => {
  const uefi = { codePath: '/code.fd', variablesPath: '/vars.fd' };
  assert.deepEqual(listFirmware('/bios.bin', uefi), [
    { bootMode: 'LEGACY_BIOS', files: ['/bios.bin'] },
    { bootMode: 'UEFI', files: ['/code.fd', '/vars.fd'] },
  ]);
  assert.deepEqual(listFirmware(undefined, undefined), []);
});
