/** A JSON value (RFC 8259). Integers outside ±(2^53-1) are carried as strings of digits. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
/** A JSON object. Objects that the program builds have a null prototype, so no key can reach one. */
export interface JsonObject {
    readonly [key: string]: Json;
}
