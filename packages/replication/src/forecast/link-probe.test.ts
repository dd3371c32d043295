/** The probe over the real frames and the real receiver, on virtual time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperationError, seededRandom, silentLogger } from '@landfall/runtime';
import { VirtualClock } from '@landfall/runtime/virtual-clock';
import { createMemoryLinkPair, type Link, PROBE_BYTES_MAX } from '@landfall/wire';
import { PROBE_TOTAL_BYTES_MAX, ProbeResponder } from '../link/probe-responder.ts';
import { createReceiver } from '../receiver/receiver.ts';
import type { ReceiverOptions, ReceiverPeer } from '../receiver/receiver-options.ts';
import { probeLink } from './link-probe.ts';

const AGENT: ReceiverPeer = { programId: 's-1', role: 'agent', fingerprint: '00' };
const LIMIT_MS = 120_000;
const PIECE_BYTES = 10_000;
const LINK = {
  ...{ close: async () => undefined, destroy: () => undefined, limitBuffers: () => undefined },
  ...{ bytesSent: 0, bytesReceived: 0, bytesWaiting: 0 },
};

class Site {
  readonly clock = new VirtualClock();
  readonly #receiver: ReturnType<typeof createReceiver>;
  readonly served: Promise<void>[] = [];

  constructor(options: Partial<ReceiverOptions> = {}) {
    this.#receiver = createReceiver({
      resolveStore: async () => assert.fail('a probe opens no store'),
      ...{ logger: silentLogger, clock: this.clock },
      ...options,
    });
  }

  /** Each piece of at most PIECE_BYTES takes 0 to 2 ms: about 5 MB a second. */
  connect(peer = AGENT): Link {
    const pair = createMemoryLinkPair({
      ...{ clock: this.clock, random: seededRandom(1), latencyMsMax: 2, pieceBytesMax: PIECE_BYTES },
    });
    this.served.push(this.#receiver.serveLink(pair.right, peer));
    return pair.left;
  }

  probe(link: Link, durationMs = 5000): Promise<readonly number[]> {
    const probing = probeLink(link, {
      ...{ clock: this.clock, random: seededRandom(2), durationMs, bytesMax: PROBE_TOTAL_BYTES_MAX },
    });
    return this.clock.settle(probing, LIMIT_MS);
  }
}

function codeOf(expected: string) {
  return (error: unknown) => error instanceof OperationError && error.code === expected;
}

test('the speed of a link is measured, sample by sample, and no store is touched', async () => {
  const site = new Site();
  const samples = await site.probe(site.connect());
  assert.ok(samples.length >= 15, `${samples.length} samples`);
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
  assert.ok(mean > 4e6 && mean < 6e6, `${mean} bytes a second`);
  await site.clock.settle(Promise.all(site.served), LIMIT_MS);
});

test('a server that does not admit the agent says why', async () => {
  const site = new Site({
    admitProbe: () => {
      throw new OperationError('SERVER_NOT_ASSIGNED', 'not here');
    },
  });
  await assert.rejects(site.probe(site.connect()), codeOf('SERVER_NOT_ASSIGNED'));
  await assert.rejects(
    site.probe(site.connect({ ...AGENT, role: 'launch-host' })),
    codeOf('SERVER_NOT_ASSIGNED'),
  );
  const open = new Site();
  await assert.rejects(
    open.probe(open.connect({ ...AGENT, role: 'launch-host' })),
    codeOf('PROTOCOL_VIOLATION'),
  );
});

test('one agent measures once at a time, and again when it is done', async () => {
  const site = new Site();
  const first = site.connect();
  const running = probeLink(first, {
    ...{ clock: site.clock, random: seededRandom(2), durationMs: 5000, bytesMax: 64 * 1024 * 1024 },
  });
  await site.clock.settle(site.clock.sleep(100), LIMIT_MS);
  await assert.rejects(site.probe(site.connect()), codeOf('PROBE_BUSY'));
  await site.clock.settle(running, LIMIT_MS);
  await site.clock.settle(site.clock.sleep(100), LIMIT_MS);
  assert.ok((await site.probe(site.connect(), 1000)).length > 0);
});

test('an agent that never stops is stopped, by time and by bytes', async () => {
  const site = new Site();
  await assert.rejects(site.probe(site.connect(), 100_000), codeOf('PROBE_EXCEEDED'));
  const first = { type: 'PROBE', payload: Buffer.alloc(PROBE_BYTES_MAX) } as const;
  let taken = 1;
  const messages = (async function* () {
    for (;;) {
      taken += 1;
      yield first;
    }
  })();
  const { left } = createMemoryLinkPair();
  const link: Link = { ...LINK, messages: () => left.messages(), send: async () => undefined };
  const responder = new ProbeResponder(site.clock);
  await assert.rejects(responder.serve(link, AGENT, { first, messages }), codeOf('PROBE_EXCEEDED'));
  assert.equal(taken, PROBE_TOTAL_BYTES_MAX / PROBE_BYTES_MAX + 1);
  left.destroy();
});

test('anything else on a connection that began with PROBE ends it', async () => {
  const site = new Site();
  const link = site.connect();
  await link.send({ type: 'PROBE', payload: Buffer.alloc(10) });
  await link.send({ type: 'ABANDON' });
  const answers: string[] = [];
  const listening = (async () => {
    for await (const message of link.messages()) {
      answers.push(message.type === 'REFUSE' ? message.code : message.type);
      if (message.type === 'REFUSE') return;
    }
  })();
  await site.clock.settle(listening, LIMIT_MS);
  assert.deepEqual(answers, ['PROBED', 'PROTOCOL_VIOLATION']);
  link.destroy();
});
