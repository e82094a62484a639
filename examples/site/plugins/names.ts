import { udf } from 'mxcp';

/** Letters that sound alike have the same digit; those that are not here only part others. */
const digits = new Map(
  ['bfpv', 'cgjkqsxz', 'dt', 'l', 'mn', 'r'].flatMap((letters, index) =>
    [...letters].map((letter) => [letter, String(index + 1)] as const),
  ),
);

/** American Soundex: the first letter and three digits. */
function soundex(word: string): string {
  let last = digits.get(word.charAt(0)) ?? '';
  let code = '';
  for (const letter of word.slice(1)) {
    if (letter === 'h' || letter === 'w') continue;
    const digit = digits.get(letter) ?? '';
    if (digit !== last) code += digit;
    last = digit;
  }
  return (word.charAt(0).toUpperCase() + code).padEnd(4, '0').slice(0, 4);
}

/** How each word of a name sounds, without accents: `sound_names('Fatima Zahra')` is `F350 Z600`. */
function sound(name: string): string {
  const plain = name.normalize('NFD').toLowerCase();
  return (plain.replaceAll(/\p{M}/gu, '').match(/[a-z]+/g) ?? []).map(soundex).join(' ');
}

export const create = () => ({ sound: udf({ args: ['VARCHAR'], returns: 'VARCHAR' }, sound) });
