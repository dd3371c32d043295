/**
 * The scripts of post-launch actions in the `landfall` service: documents that MGN's actions name, and the
 * values of their parameters, which MGN's actions name as parameters of a store.
 */

export interface ScriptOperations {
  readonly PutScriptDocument: {
    readonly input: PutScriptDocumentRequest;
    readonly output: PutScriptDocumentResponse;
  };
  readonly GetScriptDocument: {
    readonly input: GetScriptDocumentRequest;
    readonly output: GetScriptDocumentResponse;
  };
  readonly ListScriptDocuments: {
    readonly input: ListScriptDocumentsRequest;
    readonly output: ListScriptDocumentsResponse;
  };
  readonly DeleteScriptDocument: {
    readonly input: DeleteScriptDocumentRequest;
    readonly output: Record<string, never>;
  };
  readonly PutScriptParameter: {
    readonly input: PutScriptParameterRequest;
    readonly output: Record<string, never>;
  };
  readonly ListScriptParameters: {
    readonly input: ListScriptParametersRequest;
    readonly output: ListScriptParametersResponse;
  };
  readonly DeleteScriptParameter: {
    readonly input: DeleteScriptParameterRequest;
    readonly output: Record<string, never>;
  };
}

export interface PutScriptDocumentRequest {
  readonly name: string;
  /** Its first line names the interpreter; `{{name}}` stands for a parameter where a shell runs it. */
  readonly script: string;
  readonly description?: string | undefined;
  readonly parameters?: readonly ScriptParameterDeclaration[] | undefined;
}

export interface ScriptParameterDeclaration {
  readonly name: string;
  /** Absent: an action must give a value. */
  readonly defaultValue?: string | undefined;
  readonly description?: string | undefined;
}

export interface PutScriptDocumentResponse {
  readonly document: ScriptDocumentItem;
}

export interface GetScriptDocumentRequest {
  readonly name: string;
  /** A number, `$LATEST` or `$DEFAULT`, which is the latest; absent: the latest. */
  readonly version?: string | undefined;
}

export interface GetScriptDocumentResponse {
  readonly document: ScriptDocumentItem;
  readonly script: string;
}

export interface ListScriptDocumentsRequest {
  readonly maxResults?: number | undefined;
  readonly nextToken?: string | undefined;
}

export interface ListScriptDocumentsResponse {
  /** The latest version of each, by name. */
  readonly items: readonly ScriptDocumentItem[];
  readonly nextToken?: string | undefined;
}

export interface DeleteScriptDocumentRequest {
  readonly name: string;
}

export interface ScriptDocumentItem {
  readonly name: string;
  readonly version: number;
  /** Comes with Landfall, and cannot be changed. */
  readonly isReadyMade: boolean;
  readonly description?: string | undefined;
  readonly parameters: readonly ScriptParameterDeclaration[];
  readonly createdDateTime?: string | undefined;
}

export interface PutScriptParameterRequest {
  readonly name: string;
  readonly value: string;
  /** Its value is never shown. */
  readonly secure?: boolean | undefined;
}

export interface ListScriptParametersRequest {
  readonly maxResults?: number | undefined;
  readonly nextToken?: string | undefined;
}

export interface ListScriptParametersResponse {
  readonly items: readonly ScriptParameterItem[];
  readonly nextToken?: string | undefined;
}

export interface ScriptParameterItem {
  readonly name: string;
  readonly secure: boolean;
  /** Absent of secure ones. */
  readonly value?: string | undefined;
}

export interface DeleteScriptParameterRequest {
  readonly name: string;
}
