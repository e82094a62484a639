/** What a function of a plugin in SQL takes and gives, and what that is in TypeScript. */
export interface UdfTypes {
    readonly VARCHAR: string;
    readonly BIGINT: bigint;
    readonly INTEGER: number;
    readonly DOUBLE: number;
    readonly BOOLEAN: boolean;
}
export type UdfType = keyof UdfTypes;
/** A value of SQL as a plugin gets and gives it. */
export type UdfValue = UdfTypes[UdfType] | null;
/** A function of a plugin in SQL. */
export interface UdfSignature {
    readonly args: readonly UdfType[];
    readonly returns: UdfType;
}
