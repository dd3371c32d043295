/** TCP ports as a person lists them. Pure. */
const PORT_MAX = 65_535;

/** `undefined`: something in it is no port. */
export function parsePorts(text: string): readonly number[] | undefined {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  const ports = words.map((word) => (/^\d{1,5}$/.test(word) ? Number(word) : 0));
  if (ports.some((port) => port < 1 || port > PORT_MAX)) return undefined;
  return [...new Set(ports)].sort((left, right) => left - right);
}
