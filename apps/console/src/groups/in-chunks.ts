/** Members join and leave in requests of at most so many (public MGN API), one after another. Pure. */
const IDS_MAX = 50;

/** What failed ends it; those before have joined or left. */
export async function inChunks(
  ids: readonly string[],
  call: (chunk: readonly string[]) => Promise<unknown>,
): Promise<void> {
  for (let begin = 0; begin < ids.length; begin += IDS_MAX) await call(ids.slice(begin, begin + IDS_MAX));
}
