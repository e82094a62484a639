/** The one scope that the server owns: it means "connect", and is always granted (spec page 06). */
export const connectScope = 'mcp';
