const name = '(?:secret|secret_key|password|token|api_key|encryption_key|signing_key|previous_keys)';
const wholeName = new RegExp(`${name}$`, 'i');
const urlWithPassword =
  /[a-z]:\/\/(?:[^/@\s]*:[^/@\s]+@|[^\s]*[?&][\w.-]*(?:secret|password|token|api[_.-]?key|signature)=[^&\s])/i;
const assignment = new RegExp(`${name}["']?\\s*:\\s*[^\\s{]`, 'i');

/** True for a key whose value is a secret, by its name. */
export function isSecretKey(key: string): boolean {
  return wholeName.test(key);
}

/** True for a text with a URL that has a password. */
export function hasPassword(text: string): boolean {
  return urlWithPassword.test(text);
}

/** True for a line of YAML that sets a secret. */
export function setsSecret(line: string): boolean {
  return assignment.test(line) || hasPassword(line);
}
