// What the pages leave for the search, and how well a part of it answers a query.

/** One page, as the Markdown plugin writes it into the index. */
export interface Page {
  url: string;
  title: string;
  headings: Heading[];
  text: string;
}

export interface Heading {
  /** 1 is the page's title. */
  level: number;
  id: string;
  title: string;
}

export interface Hit {
  url: string;
  title: string;
  /** The page's title where the hit is one of its headings. */
  within?: string;
  /** Text around the first word found. */
  excerpt: string;
  score: number;
}

const enum Weight {
  Title = 12,
  Heading = 6,
  Text = 1,
}

/** The words of a text, in lower case. */
export function words(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}_.]+/gu) ?? [];
}

/** Pages and headings that contain every word of the query, the best first. */
export function find(pages: Page[], query: string, most = 8): Hit[] {
  const wanted = words(query);
  if (wanted.length === 0) {
    return [];
  }
  const hits = pages.flatMap((page) => hitsOf(page, wanted));
  return hits.sort((a, b) => b.score - a.score || a.url.localeCompare(b.url)).slice(0, most);
}

function hitsOf(page: Page, wanted: string[]): Hit[] {
  const text = score(page.text, wanted, Weight.Text);
  const title = score(page.title, wanted, Weight.Title);
  const found = everyWord(`${page.title} ${page.text}`, wanted);
  const hits: Hit[] = page.headings
    .filter((heading) => heading.level > 1 && everyWord(heading.title, wanted))
    .map((heading) => ({
      url: `${page.url}#${heading.id}`,
      title: heading.title,
      within: page.title,
      excerpt: excerpt(page.text, words(heading.title)),
      score: score(heading.title, wanted, Weight.Heading) + title,
    }));
  if (found) {
    const url = everyWord(page.title, wanted) ? page.url : `${page.url}#:~:text=${encodeURIComponent(place(page.text, wanted))}`;
    hits.push({ url, title: page.title, excerpt: excerpt(page.text, wanted), score: title + text });
  }
  return hits;
}

function everyWord(text: string, wanted: string[]): boolean {
  const lower = text.toLowerCase();
  return wanted.every((word) => lower.includes(word));
}

/** Whole words count twice; more of the same count less and less. */
function score(text: string, wanted: string[], weight: Weight): number {
  const present = words(text);
  return wanted.reduce((sum, word) => {
    const whole = present.filter((other) => other === word).length;
    const parts = present.filter((other) => other !== word && other.startsWith(word)).length;
    return sum + weight * Math.log2(1 + 2 * whole + parts);
  }, 0);
}

/** Where the first of the words stands. */
function first(text: string, wanted: string[]): number {
  const lower = text.toLowerCase();
  const places = wanted.map((word) => lower.indexOf(word)).filter((at) => at >= 0);
  return places.length > 0 ? Math.min(...places) : 0;
}

/** The whole word found first, for browsers that scroll to a text. */
function place(text: string, wanted: string[]): string {
  const at = first(text, wanted);
  const before = text.slice(0, at).match(/[\p{L}\p{N}_]*$/u)?.[0] ?? "";
  const rest = text.slice(at).match(/^[\p{L}\p{N}_.]*[\p{L}\p{N}_]/u)?.[0] ?? "";
  return before + rest;
}

/** A part of the text, cut between words. */
function excerpt(text: string, wanted: string[], length = 160): string {
  const at = first(text, wanted);
  const start = at < 50 ? 0 : text.indexOf(" ", at - 50) + 1;
  const space = text.indexOf(" ", start + length);
  const end = space < 0 ? text.length : space;
  return `${start > 0 ? "… " : ""}${text.slice(start, end).trim()}${end < text.length ? " …" : ""}`;
}
