const plain = /^[A-Za-z_][A-Za-z0-9_-]*$/;
const words = new Set(['true', 'false', 'null', 'yes', 'no', 'on', 'off', 'y', 'n']);

/** A text as a YAML scalar that YAML 1.1 and 1.2 read as this text. */
export function yamlScalar(text: string): string {
  return plain.test(text) && !words.has(text.toLowerCase()) ? text : JSON.stringify(text);
}
