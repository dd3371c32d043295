/** Numbers as a line of blocks, from nothing to the largest; a space where nothing is known. Pure. */
const BLOCKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

export function sparkline(values: readonly (number | undefined)[]): string {
  const most = Math.max(0, ...values.filter((value) => value !== undefined));
  return values
    .map((value) => {
      if (value === undefined) return ' ';
      const share = most === 0 ? 0 : value / most;
      return BLOCKS[Math.round(share * (BLOCKS.length - 1))];
    })
    .join('');
}
