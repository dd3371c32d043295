import assert from 'node:assert/strict';
import test from 'node:test';
import { type Clock, seededRandom } from '@landfall/runtime';
import { WallTime } from './wall-time.ts';

const START_NS = 5_000_000_000n;
const STOP_NS = 150_000_000n;

/** Both clocks run together; after each reading the thread stops for the next of the given times. */
class StoppingClock implements Clock {
  nowNs = START_NS;
  offsetMs = 1_700_000_000_000.4;
  stopsNs: bigint[] = [];

  trueMs(instantNs: bigint): number {
    return this.offsetMs + Number(instantNs) / 1e6;
  }

  nowMs(): number {
    return this.#read(Math.floor(this.trueMs(this.nowNs)));
  }

  monotonicNs(): bigint {
    return this.#read(this.nowNs);
  }

  async sleep(durationMs: number): Promise<void> {
    this.nowNs += BigInt(Math.round(durationMs * 1e6));
  }

  #read<Value>(value: Value): Value {
    this.nowNs += this.stopsNs.shift() ?? 1000n;
    return value;
  }
}

/** How much earlier than the truth an instant just passed is said to be. */
function earlyMs(clock: StoppingClock, wall: WallTime): number {
  const instantNs = clock.nowNs - 700_000n;
  return clock.trueMs(instantNs) - wall.at(instantNs);
}

test('a thread stopped between reading the two clocks does not change the time of a cut', () => {
  for (let reading = 0; reading < 6; reading += 1) {
    const clock = new StoppingClock();
    clock.stopsNs = Array.from({ length: 6 }, (_, index) => (index === reading ? STOP_NS : 1000n));
    const early = earlyMs(clock, new WallTime(clock));
    assert.ok(early >= 0, `stop after reading ${reading}: the cut is said to be ${-early} ms later`);
    assert.ok(early < 2.2, `stop after reading ${reading}: the cut is said to be ${early} ms earlier`);
  }
});

test('stopped again and again, it errs to the earlier side and ends', () => {
  const clock = new StoppingClock();
  clock.stopsNs = Array.from({ length: 100 }, () => 20_000_000n);
  const early = earlyMs(clock, new WallTime(clock));
  assert.ok(early >= 0 && early < 43, `${early} ms`);
});

test('of two instants the later one never has the earlier time, wherever the thread is stopped', () => {
  const seed = 7;
  const random = seededRandom(seed);
  for (let history = 0; history < 300; history += 1) {
    const clock = new StoppingClock();
    clock.offsetMs += random.integer(1000) / 1000;
    const wall = new WallTime(clock);
    let lastMs = Number.NEGATIVE_INFINITY;
    for (let count = 0; count < 30; count += 1) {
      clock.nowNs += BigInt(random.integer(3_000_000));
      clock.stopsNs = [BigInt(random.integer(2_000_000)), BigInt(random.integer(2_000_000))];
      const instantNs = clock.nowNs;
      const timeMs = wall.at(instantNs);
      assert.ok(timeMs >= lastMs, `seed ${seed}, history ${history}: ${lastMs} and then ${timeMs}`);
      assert.ok(timeMs <= clock.trueMs(instantNs), `seed ${seed}, history ${history}: later than the truth`);
      lastMs = timeMs;
    }
  }
});

test('a wall clock that is set, forward or back, is followed at once', () => {
  for (const stepMs of [3_600_000, 40, -40, -3_600_000]) {
    const clock = new StoppingClock();
    const wall = new WallTime(clock);
    for (let count = 0; count < 20; count += 1) wall.at(clock.nowNs);
    clock.offsetMs += stepMs;
    const early = earlyMs(clock, wall);
    assert.ok(early >= 0 && early < 2.2, `after a step of ${stepMs} ms: ${early} ms`);
  }
});
