import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type NbdLocation, nbdUri, parseNbdUri } from './nbd-uri.ts';

describe('an NBD URI', () => {
  it('is what the field writes', () => {
    const tcp = { host: '127.0.0.1', port: 10_810, exportName: 's-1/disk-0@42' };
    assert.equal(nbdUri(tcp), 'nbd://127.0.0.1:10810/s-1/disk-0%4042');
    const unix = { socketPath: '/run/land fall/nbd.sock', exportName: '' };
    assert.equal(nbdUri(unix), 'nbd+unix:///?socket=/run/land%20fall/nbd.sock');
    assert.equal(nbdUri({ host: '::1', port: 1, exportName: 'x' }), 'nbd://[::1]:1/x');
  });

  it('has the default port when it names none', () => {
    assert.deepEqual(parseNbdUri('nbd://localhost'), { host: 'localhost', port: 10_809, exportName: '' });
  });

  it('is read as it was written', () => {
    const exportName = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((name) => name.isWellFormed());
    const safeName = exportName.filter((name) => !/^\.{1,2}$|(^|\/)\.{1,2}(\/|$)/.test(name));
    const address = fc.oneof(
      fc.record({ socketPath: exportName.map((name) => `/run/${name}`) }),
      fc.record({ host: fc.constantFrom('127.0.0.1', 'server.example', '::1'), port: fc.nat(65_535) }),
    );
    const property = fc.property(address, safeName, (where, name) => {
      const location: NbdLocation = { ...where, exportName: name };
      assert.deepEqual(parseNbdUri(nbdUri(location)), location);
    });
    fc.assert(property);
  });

  it('is refused with a reason when it is something else', () => {
    const invalid = { name: 'OperationError', code: 'NBD_URI_INVALID' };
    for (const uri of [
      '',
      'disk.img',
      'http://host/x',
      'nbds://host/x',
      'nbd+unix:///x',
      'nbd:///x',
      'nbd://h/%ff',
    ]) {
      assert.throws(() => parseNbdUri(uri), invalid, uri);
    }
  });
});
