/** Date and time as the fields of a form write them, in this computer's time zone. Pure. */
function two(value: number): string {
  return String(value).padStart(2, '0');
}

export function localDate(timeMs: number): string {
  const date = new Date(timeMs);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

export function localTime(timeMs: number): string {
  const date = new Date(timeMs);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** The last millisecond of the second that was meant; `undefined` while it is not typed whole. */
export function parseLocal(date: string, time: string): number | undefined {
  const whole = /^(\d{4})-(\d\d)-(\d\d)$/.exec(date);
  const clock = /^([01]\d|2[0-3]):([0-5]\d):([0-5]\d)$/.exec(time);
  if (whole === null || clock === null) return undefined;
  const [, year, month, day] = whole.map(Number);
  const [, hour, minute, second] = clock.map(Number);
  const parsed = new Date(year ?? 0, (month ?? 1) - 1, day, hour, minute, second, 999);
  return localDate(parsed.getTime()) === date ? parsed.getTime() : undefined;
}
