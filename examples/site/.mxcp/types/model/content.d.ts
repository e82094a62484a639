/** One block of a result or prompt message that is not a plain JSON value (MCP `ContentBlock`). `data` and `blob`: base64. */
export type ContentBlock = {
    readonly type: 'text';
    readonly text: string;
} | {
    readonly type: 'image' | 'audio';
    readonly data: string;
    readonly mimeType: string;
} | {
    readonly type: 'resource_link';
    readonly uri: string;
    readonly name: string;
    readonly title?: string;
    readonly description?: string;
    readonly mimeType?: string;
} | {
    readonly type: 'resource';
    readonly resource: EmbeddedResource;
};
/** A resource that travels inside of a result. */
export type EmbeddedResource = {
    readonly uri: string;
    readonly mimeType?: string;
    readonly text: string;
} | {
    readonly uri: string;
    readonly mimeType?: string;
    readonly blob: string;
};
