/** What the fixtures plant where nobody may see it. */
const text = 'LEAK-9c1f';
const codes = Array.from(text, (char) => char.charCodeAt(0));

function base64Forms(value: string): string[] {
  return [0, 1, 2].map((shift) => {
    const encoded = Buffer.from('\0'.repeat(shift) + value).toString('base64');
    // The first and last digits also hold bits of what stands before and after the value.
    return encoded.slice(shift === 0 ? 0 : shift + 1).replace(/.?=+$|.$/, '');
  });
}

const escaped = codes.map((code) => `\\u${code.toString(16).padStart(4, '0')}`).join('');

const needles = new Set(
  [
    text,
    String.fromCharCode(...codes.toReversed()),
    Buffer.from(text).toString('hex'),
    encodeURIComponent(text),
    escaped,
    codes.join(','),
    ...base64Forms(text),
    '7346190525',
    '7,346,190,525',
    '7.346190525',
    '6c65616b0001',
  ].map((needle) => needle.toLowerCase()),
);

/** The planted values that a text contains, in clear or in one of the usual encodings. */
export function leaksIn(output: string): string[] {
  const searched = output.toLowerCase();
  return [...needles].filter((needle) => searched.includes(needle));
}
