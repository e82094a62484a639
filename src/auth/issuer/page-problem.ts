/** What a person who cannot go on is told: a page, never an error of the program. Texts are fixed; they quote nothing. */
export class PageProblem extends Error {
  override readonly name = 'PageProblem';
  readonly status: number;
  readonly title: string;
  /** Where the person can go from here; a path or URL of this server. */
  readonly next: { readonly href: string; readonly label: string } | undefined;

  constructor(
    status: number,
    title: string,
    text: string,
    options: { next?: { href: string; label: string }; cause?: unknown } = {},
  ) {
    super(text, { cause: options.cause });
    this.status = status;
    this.title = title;
    this.next = options.next;
  }
}
