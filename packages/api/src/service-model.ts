/**
 * The form in which a service's operations and shapes are kept as data: facts of the wire only. `mgn` is
 * generated from the public model by `scripts/generate-mgn.ts`; `landfall` is written by hand in the same
 * form.
 *
 * M1  Every shape name that an operation, member, list or map refers to is in `shapes`.
 * M2  A member without a location travels in the JSON body under its own name.
 * M3  Patterns describe the whole string; lengths count Unicode code points; list and map bounds count
 *     entries.
 * M4  Structures never contain themselves, so the depth of a valid value is bounded by its shape.
 */
export type ServiceName = 'mgn' | 'landfall';

export interface ServiceModel {
  readonly operations: Readonly<Record<string, OperationModel>>;
  readonly shapes: Readonly<Record<string, ShapeModel>>;
}

export type HttpMethod = 'GET' | 'POST' | 'DELETE';

export interface OperationModel {
  readonly method: HttpMethod;
  /** `/StartTest`, or with one last label: `/tags/{resourceArn}`. */
  readonly path: string;
  readonly status: number;
  /** Shape names; absent when nothing travels that way. */
  readonly input?: string;
  readonly output?: string;
  /** Exceptions the operation may answer with, beyond those of authentication. */
  readonly errors: readonly string[];
  /** Changes nothing on the server. */
  readonly readonly?: true;
  /** The same call twice has the effect of one. */
  readonly idempotent?: true;
  /** Of an output that is `bytes`; default: `application/octet-stream`. */
  readonly contentType?: string;
}

export type ShapeModel = StructureModel | ListModel | MapModel | StringModel | NumberModel | PlainModel;

export interface StructureModel {
  readonly type: 'structure';
  /** Member name to shape name. */
  readonly members: Readonly<Record<string, string>>;
  readonly required?: readonly string[];
  /**
   * Members that travel in the path or the query string under their own name, or in the header of that name
   * in kebab case (`headerName`).
   */
  readonly locations?: Readonly<Record<string, 'uri' | 'querystring' | 'header'>>;
  /** At most one member is set. */
  readonly union?: true;
}

interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

export interface ListModel extends Bounds {
  readonly type: 'list';
  readonly member: string;
}

export interface MapModel extends Bounds {
  readonly type: 'map';
  readonly key: string;
  readonly value: string;
}

export interface StringModel extends Bounds {
  readonly type: 'string';
  readonly pattern?: string;
  readonly enum?: readonly string[];
}

export interface NumberModel extends Bounds {
  readonly type: 'integer' | 'long' | 'float';
}

/**
 * `timestamp` is a JSON number: seconds since the epoch, with a fraction. `bytes` is the body of an answer,
 * at most one member of an output.
 */
export interface PlainModel {
  readonly type: 'boolean' | 'timestamp' | 'bytes';
}
