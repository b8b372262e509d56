// The search box: `/` opens it, arrows choose, Enter goes there. The index is fetched when it is first needed.

import { type Hit, type Page, find, words } from "./index.ts";
import { setUpTheme } from "./theme.ts";

const root = new URL("..", import.meta.url);

class Search {
  readonly #field: HTMLInputElement;
  readonly #list: HTMLUListElement;
  #pages?: Promise<Page[]>;
  #chosen = -1;

  constructor(form: HTMLFormElement) {
    this.#field = form.querySelector("input")!;
    this.#list = document.createElement("ul");
    this.#list.className = "hits";
    this.#list.hidden = true;
    form.append(this.#list);
    form.hidden = false;

    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#links().at(Math.max(this.#chosen, 0))?.click();
    });
    this.#field.addEventListener("input", () => void this.#show());
    this.#field.addEventListener("focus", () => void this.#load());
    form.addEventListener("keydown", (event) => this.#key(event));
    document.addEventListener("keydown", (event) => {
      const typing = document.activeElement?.matches("input, textarea, [contenteditable]");
      if (event.key === "/" && !typing) {
        event.preventDefault();
        this.#field.select();
      }
    });
    document.addEventListener("click", (event) => {
      if (!form.contains(event.target as Node)) {
        this.#list.hidden = true;
      }
    });
  }

  #load(): Promise<Page[]> {
    this.#pages ??= fetch(new URL("search.json", root)).then((answer) => answer.json() as Promise<Page[]>);
    return this.#pages;
  }

  async #show(): Promise<void> {
    const query = this.#field.value;
    const hits = find(await this.#load(), query);
    // Another letter may have been typed while the index was on its way.
    if (query !== this.#field.value) {
      return;
    }
    this.#chosen = -1;
    this.#list.replaceChildren(...hits.map((hit) => this.#item(hit, words(query))));
    if (hits.length === 0 && query.trim() !== "") {
      const none = document.createElement("li");
      none.textContent = "Nothing found";
      this.#list.append(none);
    }
    this.#list.hidden = this.#list.childElementCount === 0;
  }

  #item(hit: Hit, wanted: string[]): HTMLLIElement {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = new URL(hit.url, root).href;
    const title = document.createElement("strong");
    title.textContent = hit.within === undefined ? hit.title : `${hit.within} › ${hit.title}`;
    const excerpt = document.createElement("span");
    excerpt.append(...marked(hit.excerpt, wanted));
    link.append(title, excerpt);
    item.append(link);
    return item;
  }

  #links(): HTMLAnchorElement[] {
    return [...this.#list.querySelectorAll("a")];
  }

  #key(event: KeyboardEvent): void {
    const links = this.#links();
    if (event.key === "Escape") {
      this.#list.hidden = true;
      this.#field.blur();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.#chosen = Math.min(Math.max(this.#chosen + step, 0), links.length - 1);
      links.forEach((link, at) => link.classList.toggle("chosen", at === this.#chosen));
      links[this.#chosen]?.scrollIntoView({ block: "nearest" });
    }
  }
}

/** The text with the words that were looked for in `mark` elements. */
function marked(text: string, wanted: string[]): (string | HTMLElement)[] {
  const escaped = wanted.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pieces = text.split(new RegExp(`(${escaped.join("|")})`, "i"));
  return pieces.map((piece, at) => {
    if (at % 2 === 0) {
      return piece;
    }
    const mark = document.createElement("mark");
    mark.textContent = piece;
    return mark;
  });
}

setUpTheme();
const form = document.querySelector<HTMLFormElement>("form.search");
if (form !== null) {
  new Search(form);
}
