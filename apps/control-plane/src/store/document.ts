/** JSON columns. What is read was written by this program, so its shape is taken as the writer's type. */
export function encodeDocument(value: unknown): string {
  return JSON.stringify(value);
}

export function decodeDocument<Shape>(text: string): Shape {
  return JSON.parse(text) as Shape;
}
