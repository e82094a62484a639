/** One person of the example site for each of its roles; `stranger` is a caller without identity. */
export const people = {
  astrid: 'admin',
  priya: 'hr',
  keiko: 'manager',
  sam: 'employee',
  fatima: 'support',
  owen: 'analyst',
  paula: 'user',
  stranger: 'anonymous',
} as const;

export type Person = keyof typeof people;

/** Everybody with their role, for `describe.each`. */
export const everybody = Object.entries(people) as [Person, string][];

/** Options of `mxcp serve` that make every caller this person. */
export function as(person: Person): string[] {
  return person === 'stranger' ? [] : ['--as', person];
}
