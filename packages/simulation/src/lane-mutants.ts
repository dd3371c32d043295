/** Replication servers that get lanes wrong: their connections are read through a filter. */
import type { Message } from '@landfall/wire';
import { LinkFilter } from './filters.ts';
import type { Mutant } from './world-options.ts';

/** The names say what is wrong. */
export const LANE_MUTANTS: Readonly<Record<string, Mutant>> = {
  'no commit waits for what lanes have of its epoch (C7)': {
    links: () => (link) => new WithoutSections(link),
  },
  'a lane is one extent behind, and the count is right (C7)': { links: () => (link) => new LateLane(link) },
};

/** Nothing of a lane is of a section, and the first connection has none to wait for. */
class WithoutSections extends LinkFilter {
  override async *messages(): AsyncGenerator<Message> {
    for await (const message of super.messages()) if (message.type !== 'SECTION') yield message;
  }
}

class LateLane extends LinkFilter {
  override async *messages(): AsyncGenerator<Message> {
    let isLane = false;
    let before: Message | undefined;
    for await (const message of super.messages()) {
      if (message.type === 'LANE') isLane = true;
      const isExtent = message.type === 'EXTENT' || message.type === 'ZEROES';
      yield isLane && isExtent ? withoutRelease(before ?? message) : message;
      if (isExtent) before = message;
    }
  }
}

/** It may be handed over twice: nobody may overwrite it. */
function withoutRelease(message: Message): Message {
  if (message.type !== 'EXTENT') return message;
  const { release: _kept, ...extent } = message;
  return extent;
}
