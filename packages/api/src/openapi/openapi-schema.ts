/** Shapes of a model as schemas of OpenAPI 3.1, which are JSON Schema 2020-12. */
import type { ServiceModel, ShapeModel, StructureModel } from '../service-model.ts';

export type Schema = Readonly<Record<string, unknown>>;

const INT32_MAX = 2 ** 31 - 1;

export function reference(shape: string): Schema {
  return { $ref: `#/components/schemas/${shape}` };
}

export function schemaOf(shape: ShapeModel): Schema {
  switch (shape.type) {
    case 'structure':
      return objectSchema(shape, Object.keys(shape.members));
    case 'list':
      return { type: 'array', items: reference(shape.member), ...bounds(shape, 'minItems', 'maxItems') };
    case 'map':
      return {
        ...{ type: 'object', propertyNames: reference(shape.key) },
        additionalProperties: reference(shape.value),
        ...bounds(shape, 'minProperties', 'maxProperties'),
      };
    case 'string':
      if (shape.enum !== undefined) return { type: 'string', enum: shape.enum };
      return {
        type: 'string',
        ...bounds(shape, 'minLength', 'maxLength'),
        ...(shape.pattern === undefined ? {} : { pattern: `^(?:${shape.pattern})$` }),
      };
    case 'integer': {
      const { min = -INT32_MAX, max = INT32_MAX } = shape;
      return { type: 'integer', format: 'int32', minimum: min, maximum: max };
    }
    case 'long':
      return { type: 'integer', format: 'int64', ...bounds(shape, 'minimum', 'maximum') };
    case 'float':
      return { type: 'number', format: 'double', ...bounds(shape, 'minimum', 'maximum') };
    case 'timestamp':
      return { type: 'number', description: 'seconds since 1970' };
    case 'boolean':
      return { type: 'boolean' };
    case 'bytes':
      return { type: 'string', contentMediaType: 'application/octet-stream' };
  }
}

/** Of a structure those members that travel together. */
export function objectSchema(
  { members, required = [], union }: StructureModel,
  names: readonly string[],
): Schema {
  const properties = Object.fromEntries(names.map((name) => [name, reference(members[name] ?? '')]));
  const needed = required.filter((name) => names.includes(name));
  return {
    ...{ type: 'object', properties },
    ...(needed.length === 0 ? {} : { required: needed }),
    ...(union === true ? { maxProperties: 1 } : {}),
  };
}

/** The shapes that these are made of, themselves included. */
export function reachableShapes(model: ServiceModel, from: readonly string[]): readonly string[] {
  const reached = new Set<string>();
  const visit = (name: string) => {
    if (reached.has(name)) return;
    reached.add(name);
    const shape = model.shapes[name];
    if (shape?.type === 'structure') Object.values(shape.members).forEach(visit);
    if (shape?.type === 'list') visit(shape.member);
    if (shape?.type === 'map') [shape.key, shape.value].forEach(visit);
  };
  from.forEach(visit);
  return [...reached].sort();
}

function bounds(
  { min, max }: { readonly min?: number; readonly max?: number },
  minName: string,
  maxName: string,
): Schema {
  return {
    ...(min === undefined ? {} : { [minName]: min }),
    ...(max === undefined ? {} : { [maxName]: max }),
  };
}
