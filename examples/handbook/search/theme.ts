// Light or dark: as the system says, until the reader chooses.

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
  const stored = localStorage.getItem(KEY);
  if (stored !== null) {
    document.documentElement.dataset.theme = stored;
  }
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
    localStorage.setItem(KEY, next);
    name();
  });
}
