// Light, dark, or as the system has it.

const ORDER = ["auto", "light", "dark"];

function remembered() {
  try {
    return localStorage.getItem("theme");
  } catch {
    return null;
  }
}

// Makes `button` go through the three.
export function themeButton(button) {
  let theme = ORDER.includes(remembered()) ? remembered() : "auto";
  const apply = () => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    button.textContent = `Theme: ${theme}`;
  };
  button.addEventListener("click", () => {
    theme = ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length];
    try {
      localStorage.setItem("theme", theme);
    } catch {
      // A page that may not store remembers nothing.
    }
    apply();
  });
  apply();
}
