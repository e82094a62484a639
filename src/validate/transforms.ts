import type { StringTransform } from '../model/type-node.js';

const startsTag = /[A-Za-z/!?]/;

/** A `<` that was kept because of what followed it must not meet a letter when that is removed. */
function withoutTrailingOpen(text: string): string {
  let end = text.length;
  while (text.charAt(end - 1) === '<') end -= 1;
  return text.slice(0, end);
}

/**
 * The text without HTML tags, comments and declarations; what begins like one and has no end is removed to the end. One
 * pass, and no removal can put a new tag together: the result never has `<` before a letter, `/`, `!` or `?`.
 */
export function stripHtml(text: string): string {
  let kept = '';
  let from = 0;
  for (let open = text.indexOf('<'); open !== -1; open = text.indexOf('<', from)) {
    const isTag = startsTag.test(text.charAt(open + 1));
    kept += text.slice(from, isTag ? open : open + 1);
    from = open + 1;
    if (!isTag) continue;
    kept = withoutTrailingOpen(kept);
    const close = text.indexOf('>', open);
    if (close === -1) return kept;
    from = close + 1;
  }
  return kept + text.slice(from);
}

const transformOf: Readonly<Record<StringTransform, (text: string) => string>> = {
  trim: (text) => text.trim(),
  lowercase: (text) => text.toLowerCase(),
  strip_html: stripHtml,
};

/** All transforms of a node in their order; undefined when it has none. */
export function compileTransforms(
  names: readonly StringTransform[] | undefined,
): ((text: string) => string) | undefined {
  if (names === undefined || names.length === 0) return undefined;
  const steps = names.map((name) => transformOf[name]);
  return (text) => steps.reduce((current, transform) => transform(current), text);
}
