/**
 * `modern`: revision 2026-07-28, each request carries its own envelope. `legacy`: 2025-11-25 and earlier, with a
 * handshake. The SDK serves both from one endpoint.
 */
export type Era = 'modern' | 'legacy';

/** The revision of the modern era. */
export const modernRevision = '2026-07-28';
