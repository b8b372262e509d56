// Light or dark: as the system says, until the reader chooses. The page itself takes up an earlier choice.

type Theme = "light" | "dark";

const KEY = "theme";

function present(): Theme {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === "light" || chosen === "dark") {
    return chosen;
  }
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

export function setUpTheme(): void {
  const button = document.querySelector<HTMLButtonElement>("button.theme");
  if (button === null) {
    return;
  }
  const name = () => {
    button.setAttribute("aria-label", present() === "dark" ? "Light colours" : "Dark colours");
  };
  name();
  button.hidden = false;
  button.addEventListener("click", () => {
    const next: Theme = present() === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try {
      localStorage.setItem(KEY, next);
    } catch {
      // Without storage the choice holds for this page.
    }
    name();
  });
}
