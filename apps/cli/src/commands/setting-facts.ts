/** Settings under the names the API gives them. */
export function settingFacts(settings: object): [string, unknown][] {
  return Object.entries(settings).map(([name, value]) => [
    name,
    typeof value === 'object' ? JSON.stringify(value) : value,
  ]);
}
